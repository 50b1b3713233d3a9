package commands

import (
	"fmt"
	"time"
)

// A Severity is how grave a log line is, 0 the gravest: RFC 5424 §6.2.1, table 2.
type Severity int

// The severities.
const (
	LogEmergencies Severity = iota
	LogAlert
	LogCritical
	LogError
	LogWarning
	LogNotification
	LogInformational
	LogDebugging
)

// severityNames are VRP's words.
var severityNames = [...]struct{ word, help string }{
	LogEmergencies:   {"emergencies", "0: the box is unusable"},
	LogAlert:         {"alert", "1: to be acted on at once"},
	LogCritical:      {"critical", "2: critical"},
	LogError:         {"error", "3: errors"},
	LogWarning:       {"warning", "4: warnings"},
	LogNotification:  {"notification", "5: normal, but worth a look"},
	LogInformational: {"informational", "6: what happens"},
	LogDebugging:     {"debugging", helpDebugging},
}

// String returns VRP's word, or a number for what is no severity.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return fmt.Sprintf("severity %d", int(s))
	}
	return severityNames[s].word
}

// A LogLine is a line of the log. All its texts are printable ASCII.
type LogLine struct {
	Time     time.Time
	Host     string // sysname at that time
	Module   string // such as IKE
	Severity Severity
	Mnemonic string // what can be searched for, such as IKE_NEGO_FAIL
	Sequence uint64 // of the line, from 1 at the start of the program
	Text     string
}

// The times of lines, of logs to the second and of debugging to the millisecond.
const (
	logStamp   = "Jan _2 2006 15:04:05-07:00"
	debugStamp = "Jan _2 2006 15:04:05.000-07:00"
)

// String returns the line as VRP writes it to terminals and into the log buffer.
func (l LogLine) String() string {
	return l.Time.Format(logStamp) + " " + l.Host + " " + l.Tagged()
}

// Tagged returns the line without time and host: from its tag on, with which VRP
// begins also what it sends to a log host.
func (l LogLine) Tagged() string {
	return fmt.Sprintf("%%%%01%s/%d/%s(l)[%d]:%s", l.Module, int(l.Severity), l.Mnemonic, l.Sequence, l.Text)
}

// Debug returns the line as debugging prints it: with the milliseconds, and
// without a number, since it is kept nowhere.
func (l LogLine) Debug() string {
	return fmt.Sprintf("%s %s %s/%d/%s:%s", l.Time.Format(debugStamp), l.Host, l.Module, int(LogDebugging), l.Mnemonic, l.Text)
}
