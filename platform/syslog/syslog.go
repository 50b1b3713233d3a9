// Package syslog sends log messages to a host as RFC 5424 has them, in UDP
// datagrams as RFC 5426 does. It never makes the caller wait: what a host or the
// network does not take is dropped and counted. It chooses no words and no level.
//
// Start at [Message] and [Open].
package syslog

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// A Message is one log message. Header fields that are empty are sent as "-";
// characters that RFC 5424 does not allow in them become "_", and what is too
// long for them is cut.
type Message struct {
	Facility int // 0-23: RFC 5424 §6.2.1, table 1
	Severity int // 0-7: table 2
	Time     time.Time
	Host     string // HOSTNAME, up to 255 characters
	App      string // APP-NAME, up to 48
	Process  string // PROCID, up to 128
	ID       string // MSGID, up to 32
	Text     string // MSG; octets that are no UTF-8 become U+FFFD
}

// Limits of RFC 5424 §6 and of RFC 5426 §3.2, in octets.
const (
	longestHost    = 255
	longestApp     = 48
	longestProcess = 128
	longestID      = 32
	longestMessage = 2048 // every receiver should take as much
)

// stamp is TIMESTAMP with milliseconds: RFC 5424 §6.2.3.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// mark is the byte order mark that says that MSG is UTF-8: RFC 5424 §6.4.
const mark = "\ufeff"

// Append appends the message as RFC 5424 §6 has it, without structured data.
func (m Message) Append(b []byte) []byte {
	begin := len(b)
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(m.Facility*8+m.Severity), 10)
	b = append(b, ">1 "...)
	b = m.Time.AppendFormat(b, stamp)
	b = appendField(b, m.Host, longestHost)
	b = appendField(b, m.App, longestApp)
	b = appendField(b, m.Process, longestProcess)
	b = appendField(b, m.ID, longestID)
	b = append(b, " - "+mark...)
	return appendText(b, m.Text, begin+longestMessage)
}

// appendField appends a blank and a field of the header: PRINTUSASCII, or "-".
func appendField(b []byte, text string, longest int) []byte {
	b = append(b, ' ')
	if text == "" {
		return append(b, '-')
	}
	for i := range min(len(text), longest) {
		c := text[i]
		if c <= ' ' || c > '~' {
			c = '_'
		}
		b = append(b, c)
	}
	return b
}

// appendText appends text as UTF-8, as many whole characters of it as fit.
func appendText(b []byte, text string, longest int) []byte {
	for _, r := range text {
		if len(b)+utf8.RuneLen(r) > longest {
			break
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}
