package main

import (
	"fmt"
	"strings"

	"sallyport/commands"
)

// monitorQueue is how many lines wait for a slow terminal.
const monitorQueue = 128

// A monitor is a terminal that may be shown the log while somebody works at it.
// Its centre's lock is over it.
type monitor struct {
	line    string // such as con0 or vty3
	queue   chan string
	lost    int // lines that did not fit into the queue
	enabled [3]bool
}

// Subscribe begins to show the log to the terminal on a line such as vty0, until
// the function that it returns is called. Lines have no line feed. A console
// shows log lines at once, other terminals from `terminal monitor` on; debugging
// waits for `terminal debugging`. What a terminal does not take is dropped, and
// it is told how much.
func (c *centre) Subscribe(line string) (messages <-chan string, unsubscribe func()) {
	m := &monitor{line: line, queue: make(chan string, monitorQueue)}
	m.enabled[commands.TerminalLogging] = true
	m.enabled[commands.TerminalMonitor] = m.console()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[m] = struct{}{}
	return m.queue, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.lines, m)
	}
}

// console reports whether the terminal's line is a console.
func (m *monitor) console() bool { return strings.HasPrefix(m.line, "con") }

// logs reports whether the terminal shows log lines of that severity.
func (m *monitor) logs(s commands.Severity, levels commands.LogLevels) bool {
	level := levels.Monitor
	if m.console() {
		level = levels.Console
	}
	return m.enabled[commands.TerminalMonitor] && m.enabled[commands.TerminalLogging] && s <= level
}

// debugs reports whether the terminal shows debugging.
func (m *monitor) debugs() bool {
	return m.enabled[commands.TerminalMonitor] && m.enabled[commands.TerminalDebugging]
}

// offer queues a line, or drops and counts it.
func (m *monitor) offer(text string) {
	if m.lost > 0 && !m.put(fmt.Sprintf("Info: %d lines are not shown: the terminal is too slow.", m.lost)) {
		m.lost++
		return
	}
	m.lost = 0
	if !m.put(text) {
		m.lost++
	}
}

// put queues a line if there is room.
func (m *monitor) put(text string) bool {
	select {
	case m.queue <- text:
		return true
	default:
		return false
	}
}
