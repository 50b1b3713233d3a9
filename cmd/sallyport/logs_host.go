package main

import (
	"net/netip"
	"os"
	"strconv"

	"sallyport/commands"
	"sallyport/platform/syslog"
)

// appName is APP-NAME in what log hosts are sent: RFC 5424 §6.2.5.
const appName = "sallyport"

// A logHost is a host that is sent the log.
type logHost struct {
	commands.LogServer
	sender *syslog.Sender
}

// openLogHost begins to send to a host, whether it is there or not.
func openLogHost(s commands.LogServer) (*logHost, error) {
	sender, err := syslog.Open(netip.AddrPortFrom(s.Address, uint16(s.Port)))
	if err != nil {
		return nil, err
	}
	return &logHost{s, sender}, nil
}

// send queues a line, or drops and counts it.
func (h *logHost) send(l commands.LogLine) {
	h.sender.Send(syslog.Message{
		Facility: h.Facility, Severity: int(l.Severity), Time: l.Time,
		Host: l.Host, App: appName, Process: strconv.Itoa(os.Getpid()), ID: l.Mnemonic, Text: l.Tagged(),
	})
}

// close sends what is queued. An error of its socket's has nothing to say any more.
func (h *logHost) close() { _ = h.sender.Close() }

// status says what the host was sent.
func (h *logHost) status() commands.LogServerStatus {
	sent, dropped := h.sender.Counters()
	return commands.LogServerStatus{LogServer: h.LogServer, Sent: sent, Dropped: dropped}
}
