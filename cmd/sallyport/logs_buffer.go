package main

import "sallyport/commands"

// A logBuffer keeps the newest lines of the log.
type logBuffer struct {
	size                 int                // lines it may keep
	lines                []commands.LogLine // up to size; the oldest is at begin
	begin                int
	dropped, overwritten uint64
}

// add keeps a line, in place of the oldest if there is no room.
func (b *logBuffer) add(line commands.LogLine) {
	switch {
	case b.size == 0:
		return
	case len(b.lines) < b.size:
		b.lines = append(b.lines, line)
		return
	}
	b.lines[b.begin] = line
	b.begin = (b.begin + 1) % b.size
	b.overwritten++
}

// newest returns the lines, the newest first.
func (b *logBuffer) newest() []commands.LogLine {
	n := len(b.lines)
	all := make([]commands.LogLine, n)
	for i := range all {
		all[n-1-i] = b.lines[(b.begin+i)%n]
	}
	return all
}

// resize keeps as many lines as still fit, the newest.
func (b *logBuffer) resize(size int) {
	if size == b.size {
		return
	}
	kept := b.newest()
	kept = kept[:min(size, len(kept))]
	*b = logBuffer{size: size, dropped: b.dropped, overwritten: b.overwritten}
	for i := len(kept) - 1; i >= 0; i-- {
		b.add(kept[i])
	}
}

// reset forgets everything.
func (b *logBuffer) reset() { *b = logBuffer{size: b.size} }
