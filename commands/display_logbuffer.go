package commands

import (
	"strings"
	"time"
)

// A logFilter is what of the log buffer is displayed.
type logFilter struct {
	Size   int      // lines, the newest
	Level  Severity // this and the graver ones
	Module string   // in any case; empty: all
}

// shows reports whether a line is to be shown.
func (f logFilter) shows(l LogLine) bool {
	return l.Severity <= f.Level && (f.Module == "" || strings.EqualFold(l.Module, f.Module))
}

// A logBufferDisplay is `display logbuffer`.
type logBufferDisplay struct {
	Enabled     bool            `json:"enabled"`
	MaxSize     int             `json:"max_size_lines"`
	Size        int             `json:"size_lines"`
	Dropped     uint64          `json:"dropped_lines"`
	Overwritten uint64          `json:"overwritten_lines"`
	Current     int             `json:"current_lines"` // also those that are not shown
	Rows        []logBufferLine `json:"lines"`         // newest first
}

// A logBufferLine is a line of the log.
type logBufferLine struct {
	Time     time.Time `json:"time"`
	Host     string    `json:"host"`
	Module   string    `json:"module"`
	Severity int       `json:"severity"`
	Mnemonic string    `json:"mnemonic"`
	Sequence uint64    `json:"sequence"`
	Text     string    `json:"text"`
	line     string    `json:"-"` // as VRP writes it
}

func newLogBufferDisplay(l Logging, b LogBuffer, f logFilter) logBufferDisplay {
	d := logBufferDisplay{
		Enabled: !l.Disabled, MaxSize: MaxLogBuffer, Size: l.Buffer,
		Dropped: b.Dropped, Overwritten: b.Overwritten, Current: len(b.Lines),
		Rows: []logBufferLine{},
	}
	for _, line := range b.Lines {
		if f.shows(line) && len(d.Rows) < f.Size {
			d.Rows = append(d.Rows, newLogBufferLine(line))
		}
	}
	return d
}

func newLogBufferLine(l LogLine) logBufferLine {
	return logBufferLine{
		Time: l.Time, Host: l.Host, Module: l.Module, Severity: int(l.Severity),
		Mnemonic: l.Mnemonic, Sequence: l.Sequence, Text: l.Text, line: l.String(),
	}
}

// text prints VRP's heading, and after a blank line the lines.
func (d logBufferDisplay) text() string {
	var p page
	p.add("Logging buffer configuration and contents : " + enabled(d.Enabled))
	p.addf("Allowed max buffer size : %d", d.MaxSize)
	p.addf("Actual buffer size : %d", d.Size)
	p.add("Channel number : 4 , Channel name : logbuffer")
	p.addf("Dropped messages : %d", d.Dropped)
	p.addf("Overwritten messages : %d", d.Overwritten)
	p.addf("Current messages : %d", d.Current)
	if len(d.Rows) > 0 {
		p.add("")
	}
	for _, r := range d.Rows {
		p.add(r.line)
	}
	return p.text()
}

// enabled returns the information centre's word for a switch.
func enabled(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}
