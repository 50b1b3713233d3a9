package sshd

import (
	"context"
	"io"
	"net/netip"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/shell"
)

// A hollow channel has no input, and takes everything.
type hollow struct{}

func (hollow) Read([]byte) (int, error)                       { return 0, io.EOF }
func (hollow) Write(p []byte) (int, error)                    { return len(p), nil }
func (hollow) Close() error                                   { return nil }
func (hollow) CloseWrite() error                              { return nil }
func (hollow) SendRequest(string, bool, []byte) (bool, error) { return false, nil }
func (hollow) Stderr() io.ReadWriter                          { return nil }

// FuzzRequests hands a session three requests. Whatever is in them, it starts at
// most once, its window stays within bounds, and it comes to an end.
func FuzzRequests(f *testing.F) {
	pty := gossh.Marshal(ptyRequest{Term: "xterm", Columns: 80, Rows: 24})
	f.Add("pty-req", pty, "window-change", gossh.Marshal(windowChange{Columns: 1 << 31}), "shell", []byte{})
	f.Add("exec", gossh.Marshal(execRequest{"display version"}), "signal", gossh.Marshal(signal{"INT"}), "exec", []byte{0xff, 0xff, 0xff, 0xff})
	f.Add("pty-req", []byte{0xff, 0xff, 0xff, 0xff, 0}, "env", []byte("LANG"), "subsystem", []byte("sftp"))
	f.Fuzz(func(t *testing.T, name1 string, p1 []byte, name2 string, p2 []byte, name3 string, p3 []byte) {
		served := 0
		var terminal shell.Terminal
		s := &Server{ctx: context.Background(), config: Config{
			Serve: func(_ context.Context, _ Login, t shell.Terminal, _ func()) int {
				served++
				terminal = t
				if _, err := io.Copy(io.Discard, t); err != nil {
					return 1
				}
				return 0
			},
			Log: func(_ Event, _ netip.AddrPort, text string) { t.Error(text) },
		}}
		requests := make(chan *gossh.Request, 3)
		requests <- &gossh.Request{Type: name1, Payload: p1}
		requests <- &gossh.Request{Type: name2, Payload: p2}
		requests <- &gossh.Request{Type: name3, Payload: p3}
		close(requests)
		x := newSession(s, &guest{limits: defaults, clock: time.NewTimer(time.Hour)}, Login{User: "anna"}, hollow{})
		x.serve(context.Background(), requests)
		if served > 1 {
			t.Errorf("the session was served %d times", served)
		}
		if terminal == nil {
			return
		}
		if columns, rows := terminal.Size(); columns < 0 || columns > maxWindow || rows < 0 || rows > maxWindow {
			t.Errorf("window of %d x %d", columns, rows)
		}
	})
}
