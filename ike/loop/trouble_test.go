package loop

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"sallyport/ike"
	"sallyport/ipsec"
)

// faults runs a loop whose engine panics with what value makes, feeds it one
// datagram that panics and one that does not, and returns what was reported.
func faults(t *testing.T, value func()) (reports []error, journal string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.loop.config.Trouble = func(err error) { reports = append(reports, err) }
		b.engine.answer = func(in ike.Input) []ike.Output {
			if d, ok := in.(ike.Datagram); ok && len(d.Octets) > 18 {
				value()
			}
			return nil
		}
		b.run()
		b.ike.in <- append(make([]byte, 18), 2, 0, 0)
		b.ike.in <- []byte{7}
		synctest.Wait()
		journal = b.String()
		b.end()
		if got := b.loop.Counters().Panics; got != 1 {
			t.Errorf("%d panics counted, want 1", got)
		}
	})
	return reports, journal
}

func TestAPanicCostsOneDatagram(t *testing.T) {
	var empty []byte
	reports, journal := faults(t, func() { _ = empty[5] })
	if !strings.HasSuffix(journal, "step datagram 198.51.100.7:500>192.0.2.1:500 07") {
		t.Errorf("journal\n%s\nwant the next datagram to be handled", journal)
	}
	var report *Panic
	if len(reports) != 1 || !errors.As(reports[0], &report) {
		t.Fatalf("reports %v, want one *Panic", reports)
	}
	if report.Length != 21 || report.Exchange != 2 || report.Input != "ike.Datagram" {
		t.Errorf("report %+v, want a datagram of 21 octets of exchange type 2", report)
	}
	if !strings.Contains(report.Reason, "index out of range") {
		t.Errorf("reason %q, want the runtime's words", report.Reason)
	}
	if !strings.Contains(report.Where, "TestAPanicCostsOneDatagram") {
		t.Errorf("where %q, want the function that panicked", report.Where)
	}
}

func TestAPanicsValueIsNotShown(t *testing.T) {
	reports, _ := faults(t, func() { panic("the pre-shared key is hunter2") })
	if len(reports) != 1 || strings.Contains(reports[0].Error(), "hunter2") {
		t.Errorf("reports %v, want one that does not quote the value", reports)
	}
}

func TestAPanicInTheDataplaneCostsOneDatagram(t *testing.T) {
	conversation(t, nil, func(b *bench) {
		b.natt.in <- []byte("esp-panic")
		b.natt.in <- []byte("esp-fine")
		synctest.Wait()
	}, "trouble *loop.Panic", "esp 198.51.100.7:500>192.0.2.1:4500 6573702d66696e65")
}

func TestTroubleInWords(t *testing.T) {
	id := ipsec.SAID{Destination: netip.MustParseAddr("192.0.2.1"), SPI: 0xC0FFEE}
	tests := []struct {
		err  error
		want string
	}{
		{&Overload{QueueDatagrams}, "queue is full, newest dropped: received IKE messages"},
		{&Overload{QueueNotices}, "queue is full, newest dropped: dataplane notices"},
		{&Overload{QueueWork}, "queue is full, newest dropped: Diffie-Hellman work"},
		{&SocketError{"send to 192.0.2.1:500", errors.New("refused")}, "send to 192.0.2.1:500: refused"},
		{&RemoveError{id, errors.New("stuck")}, "remove SA 0x00c0ffee of 192.0.2.1: stuck"},
		{&OpenPolicyError{ipsec.PolicyID{Interface: "wan", Name: "p", Sequence: 1}, true, errors.New("stuck")}, "pass policy wan p-1 in clear = true: stuck"},
		{
			&Panic{Input: "ike.Datagram", Length: 21, Exchange: 2, Reason: "string", Where: "f (line 3)"},
			"panic in f (line 3) handling ike.Datagram of 21 octets, exchange type 2, dropped: string",
		},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%T.Error() = %q, want %q", test.err, got, test.want)
		}
	}
}

func TestSystemErrorsAreWrapped(t *testing.T) {
	cause := errors.New("cause")
	for _, err := range []error{&SocketError{"receive", cause}, &RemoveError{Err: cause}, &OpenPolicyError{Err: cause}} {
		if !errors.Is(err, cause) {
			t.Errorf("%T does not wrap its cause", err)
		}
	}
}

func TestExchangeTypeOfShortDatagrams(t *testing.T) {
	message := append(make([]byte, 18), 32)
	for n, want := range map[int]uint8{0: 0, 18: 0, 19: 32} {
		if got := exchangeType(message[:n]); got != want {
			t.Errorf("exchangeType(%d octets) = %d, want %d", n, got, want)
		}
	}
}

func TestWhatIsDroppedBeforeTheEngineIsAmongTheRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.engine.refusals = []ike.Refusal{{Reason: "invalid cookie", Count: 7}}
		b.engine.counts = ike.Counts{Events: []ike.Count{{What: "phase 1 established", Count: 2}}}
		b.run()
		b.natt.in <- []byte{1} // too short for anything
		synctest.Wait()
		got, counts := b.loop.Refusals(), b.loop.Counts()
		b.end()
		if !slices.Equal(counts.Events, b.engine.counts.Events) {
			t.Errorf("Counts() = %v, want the engine's", counts)
		}
		want := []ike.Refusal{
			{Reason: "invalid cookie", Count: 7},
			{Reason: "wrong datagram length", Count: 1},
			{Reason: "panic"}, {Reason: "not sent"},
			{Reason: "queue full: received IKE messages"},
			{Reason: "queue full: dataplane notices"},
			{Reason: "queue full: Diffie-Hellman work"},
		}
		if !slices.Equal(got, want) {
			t.Errorf("Refusals() = %v, want %v", got, want)
		}
	})
}
