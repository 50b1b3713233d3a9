package commands

import "net/netip"

// An infoCenterDisplay is `display info-center`.
type infoCenterDisplay struct {
	Enabled  bool               `json:"enabled"`
	Hosts    []infoCenterHost   `json:"log_hosts"`
	Channels []infoCenterSource `json:"channels"`
	Size     int                `json:"buffer_size_lines"`
	MaxSize  int                `json:"buffer_max_size_lines"`
	Current  int                `json:"buffer_current_lines"`
	Dropped  uint64             `json:"buffer_dropped_lines"`
	Overrun  uint64             `json:"buffer_overwritten_lines"`
}

// An infoCenterHost is a log host and what it was sent.
type infoCenterHost struct {
	Address  netip.Addr `json:"address"`
	Port     int        `json:"port"`
	Facility string     `json:"facility"`
	Sent     uint64     `json:"sent_lines"`
	Dropped  uint64     `json:"dropped_lines"`
}

// An infoCenterSource is a channel and what goes through it.
type infoCenterSource struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Level  string `json:"level"`
}

func newInfoCenterDisplay(l Logging, b LogBuffer, servers []LogServerStatus) infoCenterDisplay {
	d := infoCenterDisplay{
		Enabled: !l.Disabled, Size: l.Buffer, MaxSize: MaxLogBuffer,
		Current: len(b.Lines), Dropped: b.Dropped, Overrun: b.Overwritten,
		Hosts: mapped(servers, newInfoCenterHost),
	}
	for _, c := range logChannels {
		d.Channels = append(d.Channels, infoCenterSource{c.number, c.name, c.level(&l.Levels).String()})
	}
	return d
}

func newInfoCenterHost(s LogServerStatus) infoCenterHost {
	return infoCenterHost{s.Address, s.Port, facilityName(s.Facility), s.Sent, s.Dropped}
}

// text prints what VRP does of what there is here.
func (d infoCenterDisplay) text() string {
	var p page
	p.add("Information Center:" + enabled(d.Enabled))
	p.add("Log host:")
	for _, h := range d.Hosts {
		p.addf("        %v, port: %d, channel number: 2, channel name: loghost,", h.Address, h.Port)
		p.addf("        host facility: %s, sent messages: %d, dropped messages: %d", h.Facility, h.Sent, h.Dropped)
	}
	titles := []string{"Console:", "Monitor:", "Log host channel:", "Log buffer:"}
	for i, c := range d.Channels {
		p.add(titles[i])
		if c.Name == "logbuffer" {
			p.addf("        max buffer size : %d, current buffer size : %d,", d.MaxSize, d.Size)
			p.addf("        current messages : %d, dropped messages : %d, overwritten messages : %d,", d.Current, d.Dropped, d.Overrun)
		}
		p.addf("        channel number : %d, channel name : %s, level : %s", c.Number, c.Name, c.Level)
	}
	p.add("Information timestamp setting:")
	p.add("        log - date, debug - date millisecond")
	return p.text()
}

// A debuggingDisplay is `display debugging`.
type debuggingDisplay struct {
	Rows []debuggingLine `json:"switches"`
}

// A debuggingLine is a switch that is on.
type debuggingLine struct {
	Module string `json:"module"`
	Kind   string `json:"kind"`
	Remote string `json:"remote"` // address of the one peer, empty: all
}

func newDebuggingDisplay(switches []DebugSwitch) debuggingDisplay {
	d := debuggingDisplay{Rows: []debuggingLine{}}
	for _, s := range switches {
		for _, k := range debugKinds {
			if k.kind == s.Kind {
				d.Rows = append(d.Rows, debuggingLine{k.module, k.word, addrOrNone(s.Remote)})
			}
		}
	}
	return d
}

// addrOrNone returns an address, or nothing.
func addrOrNone(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func (d debuggingDisplay) text() string {
	var p page
	for _, r := range d.Rows {
		of := ""
		if r.Remote != "" {
			of = " (remote " + r.Remote + ")"
		}
		p.addf("%s %s debugging switch is on%s", moduleTitles[r.Module], r.Kind, of)
	}
	if len(d.Rows) == 0 {
		p.add("Info: No debugging switch is on.")
	}
	return p.text()
}

// moduleTitles are the modules as displays write them.
var moduleTitles = map[string]string{"ike": "IKE", "ipsec": "IPSec"}
