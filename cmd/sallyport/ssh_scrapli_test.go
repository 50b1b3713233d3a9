package main_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// The tests of this file work on an appliance as scrapli does.

// scrapli_community's patterns for huawei_vrp (release 2023.1.30), which it applies
// with the flags i and m to what came without escape sequences and carriage
// returns. Go has no look-ahead: scrapliVersion is what the second must not match.
var (
	scrapliUser    = regexp.MustCompile(`(?im)^(?:hrp_[a|m|s])?<[a-z0-9.\-_@()/:]{1,48}>\s*$`)
	scrapliSystem  = regexp.MustCompile(`(?im)^(?:hrp_[a|m|s])?\[\~{0,1}\*{0,1}[a-z0-9.\-_@/:]{1,64}\]$`)
	scrapliVersion = regexp.MustCompile(`(?im)^\[V\d{3}R\d{3}C\d{2,3}.*\]`)
	scrapliEscapes = regexp.MustCompile(`\x1b(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])`)
)

// scrapliFailed is what makes scrapli call an answer a failure.
const scrapliFailed = "Error:"

// isPrompt reports whether scrapli takes a line for a prompt.
func isPrompt(line string) bool {
	return scrapliUser.MatchString(line) || scrapliSystem.MatchString(line) && !scrapliVersion.MatchString(line)
}

// scraped is what scrapli looks at of what came.
func scraped(text string) string {
	return strings.ReplaceAll(scrapliEscapes.ReplaceAllString(text, ""), "\r", "")
}

// aPrompt is what our prompts look like at the beginning of a line.
var aPrompt = regexp.MustCompile(`^(?:<[^<> ]+>|\[[A-Z][^\[\] ]*\])`)

// checkSession finds the prompts in a session and has scrapli's patterns judge
// them.
func checkSession(t *testing.T, name, text string) {
	t.Helper()
	prompts := 0
	for line := range strings.Lines(scraped(text)) {
		prompt := aPrompt.FindString(line)
		if prompt == "" {
			continue
		}
		prompts++
		if !isPrompt(prompt) {
			t.Errorf("%s: scrapli does not know the prompt %q", name, prompt)
		}
	}
	if prompts == 0 {
		t.Errorf("%s: there is no prompt in it:\n%s", name, text)
	}
}

// Every prompt of the transcripts is one to scrapli, and every error a failure.
func TestScrapliTranscripts(t *testing.T) {
	files, err := filepath.Glob("../../testdata/cli/*.txt")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no transcripts")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		checkSession(t, file, string(text))
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "found at '^' position") && !strings.Contains(line, scrapliFailed) {
				t.Errorf("%s: scrapli does not take %q for a failure", file, line)
			}
		}
	}
}

// A scraper is a client that works as scrapli does: it sends a line without its
// end, waits until it comes back, sends the end, and waits for a prompt.
type scraper struct {
	t   *testing.T
	in  io.WriteCloser
	out chan string // what comes, piece by piece; closed at the end
}

// scrape opens a session at a terminal of 256 columns, as scrapli does.
func (g *gatewayRun) scrape(t *testing.T) *scraper {
	t.Helper()
	session := g.secure(t)
	in, err := session.StdinPipe()
	must(t, err)
	out, err := session.StdoutPipe()
	must(t, err)
	must(t, session.RequestPty("vt100", 80, 256, nil))
	must(t, session.Shell())
	s := &scraper{t: t, in: in, out: make(chan string, 1000)}
	go func() {
		defer close(s.out)
		for piece := make([]byte, 4096); ; {
			n, err := out.Read(piece)
			if err != nil {
				return
			}
			s.out <- string(piece[:n])
		}
	}()
	return s
}

// secure opens an SSH session in the gateway's namespace, until the test ends.
func (g *gatewayRun) secure(t *testing.T) *gossh.Session {
	t.Helper()
	var conn net.Conn
	must(t, g.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp4", "127.0.0.1:"+clientPort, patience)
		return err
	}))
	c, channels, requests, err := gossh.NewClientConn(conn, "", &gossh.ClientConfig{
		User: clientUser, Auth: []gossh.AuthMethod{gossh.Password(clientPassword)}, HostKeyCallback: gossh.InsecureIgnoreHostKey(),
	})
	must(t, err)
	client := gossh.NewClient(c, channels, requests)
	t.Cleanup(func() { client.Close() })
	session, err := client.NewSession()
	must(t, err)
	return session
}

// until collects what comes until it is as wanted.
func (s *scraper) until(what string, ok func(text string) bool) string {
	s.t.Helper()
	var text strings.Builder
	late := time.After(patience)
	for !ok(scraped(text.String())) {
		select {
		case piece, more := <-s.out:
			if !more {
				s.t.Fatalf("the session ends before %s:\n%q", what, text.String())
			}
			text.WriteString(piece)
		case <-late:
			s.t.Fatalf("no %s in\n%q", what, text.String())
		}
	}
	return scraped(text.String())
}

// prompted reports whether the last line is a prompt.
func prompted(text string) bool { return isPrompt(text[strings.LastIndexByte(text, '\n')+1:]) }

// squeezed is a text as scrapli compares it with what it has typed.
func squeezed(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(text), "\b", "")), "")
}

// send types a line and returns what came of it, up to what is awaited.
func (s *scraper) send(line, what string, ok func(string) bool) string {
	s.t.Helper()
	_, err := io.WriteString(s.in, line)
	must(s.t, err)
	s.until("echo of "+line, func(text string) bool { return strings.Contains(squeezed(text), squeezed(line)) })
	_, err = io.WriteString(s.in, "\n")
	must(s.t, err)
	return s.until(what+" after "+line, ok)
}

// command sends a line and returns its answer, with the prompt behind it.
func (s *scraper) command(line string) string {
	s.t.Helper()
	return s.send(line, "prompt", prompted)
}

// checkAnswer compares an answer, and sees that nothing in it but its end is a
// prompt to scrapli.
func (s *scraper) checkAnswer(line, want string) {
	s.t.Helper()
	got := s.command(line)
	if !regexp.MustCompile(want).MatchString(got) {
		s.t.Errorf("%s: answer %q, want it like %s", line, got, want)
	}
	lines := strings.Split(got, "\n")
	for _, l := range lines[:len(lines)-1] {
		if isPrompt(l) {
			s.t.Errorf("%s: scrapli takes %q for a prompt", line, l)
		}
	}
}

func TestScrapli(t *testing.T) {
	s := reachable(t).scrape(t)
	if hello := s.until("first prompt", prompted); !strings.Contains(hello, "Info: The max number of VTY users is 5") {
		t.Errorf("greeting %q", hello)
	}
	s.pages()
	s.checkAnswer("screen-length 0 temporary", `takes effect on the current user terminal interface only\.\n<H>$`)
	s.checkAnswer("display current-configuration", `\n rule 500 permit ip source 10\.99\.0\.0 0\.0\.255\.255\n(.*\n)*return\n<H>$`)
	s.checkAnswer("system-view", `Ctrl\+Z\.\n\[H\]$`)
	s.checkAnswer("ike proposal 10", `\[H-ike-proposal-10\]$`)
	s.checkAnswer("dh group", scrapliFailed+`.*\n\[H-ike-proposal-10\]$`)
	s.checkAnswer("quit", `\[H\]$`)
	s.checkAnswer("return", `<H>$`)
	s.checkAnswer("dispaly version", scrapliFailed+`.*\n<H>$`)
	s.send("save", "question", func(text string) bool { return strings.HasSuffix(text, "[Y/N]:") })
	if saved := s.command("y"); !strings.Contains(saved, "saved successfully") {
		t.Errorf("save answers %q", saved)
	}
	must(t, s.in.Close())
	for range s.out { // until the session has ended
	}
}

// pages reads a long display page by page: 24 lines unless configured otherwise.
func (s *scraper) pages() {
	s.t.Helper()
	const more = "  ---- More ----"
	paged := func(text string) bool { return strings.HasSuffix(text, more) }
	page := s.send("display current-configuration", "pager", paged)
	if n := strings.Count(page, "\n"); n > 24 {
		s.t.Errorf("the first page has %d lines:\n%s", n, page)
	}
	_, err := io.WriteString(s.in, " ")
	must(s.t, err)
	s.until("second page", paged)
	_, err = io.WriteString(s.in, "\x03")
	must(s.t, err)
	s.until("prompt after the pager", func(text string) bool { return strings.HasSuffix(text, "<H>") })
}
