package commands

import (
	"cmp"
	"maps"
	"net/netip"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// Logging is where log lines go: `info-center`.
type Logging struct {
	Disabled bool                     // undo info-center enable
	Buffer   int                      // lines that the log buffer keeps
	Levels   LogLevels                // of the channels
	Hosts    map[netip.Addr]LogServer // who is sent them, by address
}

// LogLevels are the channels' levels: each takes the lines of its level and of
// the graver ones.
type LogLevels struct {
	Console Severity // terminals whose line is a console
	Monitor Severity // all other terminals
	Host    Severity // remote hosts
	Buffer  Severity
}

// A LogServer is an `info-center loghost`: a host that is sent the log as RFC 5424
// has it, over UDP.
type LogServer struct {
	Address  netip.Addr
	Port     int
	Facility int // RFC 5424 §6.2.1, table 1
}

// Defaults and bounds of the information centre.
const (
	DefaultLogBuffer = 512
	MaxLogBuffer     = 1024
	maxLogServers    = 8
	syslogPort       = 514
	facilityLocal0   = 16
	facilityLocal7   = 23
)

func newLogging() Logging {
	return Logging{
		Buffer: DefaultLogBuffer,
		Levels: LogLevels{Console: LogWarning, Monitor: LogWarning, Host: LogInformational, Buffer: LogInformational},
		Hosts:  map[netip.Addr]LogServer{},
	}
}

func (l Logging) clone() Logging {
	l.Hosts = maps.Clone(l.Hosts)
	return l
}

// servers returns the hosts by address.
func (l Logging) servers() []LogServer { return values(l.Hosts, netip.Addr.Compare) }

// Help of the information centre's keywords.
const (
	helpInfoCenter = "Information centre: the log and where it goes"
	helpLogHost    = "Host that is sent the log"
	helpLogBuffer  = "Log buffer"
	helpSeverity   = helpLevel
	helpDebugging  = "Debugging"
	helpTerminal   = "This terminal"
	helpOffline    = "Peers that went offline"
)

// loggingSystemRows are `info-center`, for managers: the log is the record of what
// all others do.
func loggingSystemRows() []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	rows := []grammar.Row[Config]{
		grammar.Setting(kw("info-center", helpInfoCenter),
			grammar.Flag("enable", "Turn it on", func(c *Config) *bool { return &c.Logging.Disabled })).Negative(),
		grammar.Setting(kw("info-center", helpInfoCenter), kw("logbuffer", helpLogBuffer), kw("size", "Number of lines"),
			grammar.Arg(kind.Integer(0, MaxLogBuffer), "Lines that are kept", func(c *Config) *int { return &c.Logging.Buffer })),
		logServerRow(),
	}
	for _, c := range logChannels {
		number := utoa(uint32(c.number))
		rows = append(rows, channelRow(c, c.name), channelRow(c, number).Hidden(), channelUndoRow(c, c.name), channelUndoRow(c, number))
	}
	return management(append(rows, noChannelRow())...)
}

// sourcePath begins what is said of a channel.
func sourcePath[T any]() grammar.Element[T] {
	return grammar.Path[T]("info-center", helpInfoCenter, "source", "What is logged", "default", "Everything",
		"channel", "Where it goes")
}

// channelRow is `info-center source default channel WORD log level`.
func channelRow(c logChannel, word string) grammar.Row[Config] {
	return grammar.Setting(sourcePath[Config](), grammar.Path[Config](word, c.help, "log", "Log lines", "level", helpSeverity),
		grammar.Arg(severities(), "Severity", func(config *Config) *Severity { return c.level(&config.Logging.Levels) }))
}

// channelUndoRow is VRP's undo of it, which ends with the channel.
func channelUndoRow(c logChannel, word string) grammar.Row[Config] {
	undo := func(_ any, config *Config, _ *struct{}) error {
		level, standard := c.level(&config.Logging.Levels), newLogging().Levels
		if *level == *c.level(&standard) {
			return grammar.ErrNotConfigured
		}
		*level = *c.level(&standard)
		return nil
	}
	return grammar.Edit(undo, grammar.Kw[struct{}]("undo", helpUndo), sourcePath[struct{}](), grammar.Kw[struct{}](word, c.help))
}

// A logChannel is a way for lines to go, with VRP's number of it.
type logChannel struct {
	number     int
	name, help string
	level      func(*LogLevels) *Severity
}

var logChannels = []logChannel{
	{0, "console", helpConsole, func(l *LogLevels) *Severity { return &l.Console }},
	{1, "monitor", "Other terminals", func(l *LogLevels) *Severity { return &l.Monitor }},
	{2, "loghost", helpLogHost, func(l *LogLevels) *Severity { return &l.Host }},
	{4, "logbuffer", helpLogBuffer, func(l *LogLevels) *Severity { return &l.Buffer }},
}

// severities are the words of the severities.
func severities() grammar.Kind[Severity] {
	var k grammar.Kind[Severity]
	for s, name := range severityNames {
		k.Words = append(k.Words, grammar.Word[Severity]{Text: name.word, Help: name.help, Value: Severity(s)})
	}
	return k
}

// facilities are the words local0 to local7.
func facilities() grammar.Kind[int] {
	var k grammar.Kind[int]
	for n := range facilityLocal7 - facilityLocal0 + 1 {
		k.Words = append(k.Words, grammar.Word[int]{Text: "local" + utoa(uint32(n)), Help: "Facility of the messages", Value: facilityLocal0 + n})
	}
	return k
}

// logServerRow is `info-center loghost A`. Its undo takes the address alone.
func logServerRow() grammar.Row[Config] {
	kw := grammar.Kw[LogServer]
	path := grammar.Path[LogServer]("info-center", helpInfoCenter, "loghost", helpLogHost)
	address := grammar.Arg(kind.Address(), "Address of the host", func(h *LogServer) *netip.Addr { return &h.Address })
	return grammar.List(grammar.Items[Config, LogServer]{
		All:    func(c *Config) []LogServer { return c.Logging.servers() },
		New:    func() LogServer { return LogServer{Port: syslogPort, Facility: facilityLocal7} },
		Put:    func(_ any, c *Config, h LogServer) error { return c.Logging.put(h) },
		Remove: func(_ any, c *Config, h LogServer) error { return c.Logging.remove(h.Address) },
		Undo:   []grammar.Element[LogServer]{path, address},
	}, path, address, grammar.AnyOrder(
		grammar.Sequence(kw("port", "Port"),
			grammar.Arg(kind.Integer(1, 65535), "Number of the port", func(h *LogServer) *int { return &h.Port })),
		grammar.Sequence(kw("facility", "Facility of the messages"),
			grammar.Arg(facilities(), "Facility", func(h *LogServer) *int { return &h.Facility })),
	))
}

// put adds a host, or changes it.
func (l *Logging) put(h LogServer) error {
	if _, known := l.Hosts[h.Address]; !known && len(l.Hosts) == maxLogServers {
		return refuse("There can be up to %d log hosts.", maxLogServers)
	}
	l.Hosts[h.Address] = h
	return nil
}

// remove removes a host.
func (l *Logging) remove(a netip.Addr) error {
	if _, known := l.Hosts[a]; !known {
		return grammar.ErrNotConfigured
	}
	delete(l.Hosts, a)
	return nil
}

// String names the host as the log and displays do.
func (h LogServer) String() string {
	return netip.AddrPortFrom(h.Address, uint16(h.Port)).String()
}

// facilityName returns VRP's word of a facility.
func facilityName(f int) string {
	word := ""
	for _, w := range facilities().Words {
		if w.Value == f {
			word = w.Text
		}
	}
	return cmp.Or(word, utoa(uint32(f)))
}
