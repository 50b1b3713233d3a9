package shell

import (
	"strings"

	"github.com/c-bata/go-prompt"
)

// A writer is go-prompt's output. go-prompt draws the whole line again after
// each key; the writer has the screen draw what changed, without colours and
// titles.
type writer struct {
	draw  func() // a line was drawn
	brk   func() // a line was ended
	drawn bool
	ended bool
}

var _ prompt.ConsoleWriter = (*writer)(nil)

// WriteStr is told the parts of the line, the last with a line feed if it ended.
func (w *writer) WriteStr(text string) {
	w.drawn = true
	w.ended = w.ended || strings.HasSuffix(text, "\n")
}

// Flush comes after the last part.
func (w *writer) Flush() error {
	switch {
	case w.ended:
		w.brk()
	case w.drawn:
		w.draw()
	}
	w.drawn, w.ended = false, false
	return nil
}

// Write is WriteStr's for octets.
func (w *writer) Write(text []byte) { w.WriteStr(string(text)) }

// WriteRaw is not needed: it is for rows that wrap, and none does.
func (w *writer) WriteRaw([]byte) {}

// WriteRawStr is not needed, as WriteRaw.
func (w *writer) WriteRawStr(string) {}

// EraseScreen and all that follows is the screen's business.
func (w *writer) EraseScreen() {}

// EraseUp does nothing.
func (w *writer) EraseUp() {}

// EraseDown does nothing.
func (w *writer) EraseDown() {}

// EraseStartOfLine does nothing.
func (w *writer) EraseStartOfLine() {}

// EraseEndOfLine does nothing.
func (w *writer) EraseEndOfLine() {}

// EraseLine does nothing.
func (w *writer) EraseLine() {}

// ShowCursor does nothing.
func (w *writer) ShowCursor() {}

// HideCursor does nothing.
func (w *writer) HideCursor() {}

// CursorGoTo does nothing.
func (w *writer) CursorGoTo(int, int) {}

// CursorUp does nothing.
func (w *writer) CursorUp(int) {}

// CursorDown does nothing.
func (w *writer) CursorDown(int) {}

// CursorForward does nothing.
func (w *writer) CursorForward(int) {}

// CursorBackward does nothing.
func (w *writer) CursorBackward(int) {}

// AskForCPR does nothing.
func (w *writer) AskForCPR() {}

// SaveCursor does nothing.
func (w *writer) SaveCursor() {}

// UnSaveCursor does nothing.
func (w *writer) UnSaveCursor() {}

// ScrollDown does nothing.
func (w *writer) ScrollDown() {}

// ScrollUp does nothing.
func (w *writer) ScrollUp() {}

// SetTitle does nothing.
func (w *writer) SetTitle(string) {}

// ClearTitle does nothing.
func (w *writer) ClearTitle() {}

// SetColor does nothing.
func (w *writer) SetColor(_, _ prompt.Color, _ bool) {}
