package loop

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/ike"
)

func TestDatagramsAreToldApart(t *testing.T) {
	const on500, on4500 = "step datagram 198.51.100.7:500>192.0.2.1:500 ", "step datagram 198.51.100.7:500>192.0.2.1:4500 "
	tests := []struct {
		name string
		natt bool
		in   []byte
		want string
		kept Counters
	}{
		{name: "IKE on 500", in: []byte{1, 2, 3}, want: on500 + "010203"},
		{name: "nothing on 500", in: []byte{}, want: on500},
		{name: "a marker on 500 is part of the message", in: []byte{0, 0, 0, 0, 5}, want: on500 + "0000000005"},
		{name: "longest IKE", in: make([]byte, ike.MaxMessage), want: on500 + strings.Repeat("00", ike.MaxMessage)},
		{name: "longer than IKE", in: make([]byte, ike.MaxMessage+1), kept: Counters{Malformed: 1}},
		{name: "IKE on 4500", natt: true, in: []byte{0, 0, 0, 0, 5}, want: on4500 + "05"},
		{name: "a bare marker", natt: true, in: []byte{0, 0, 0, 0}, want: on4500},
		{name: "longer than IKE on 4500", natt: true, in: make([]byte, ike.MaxMessage+5), kept: Counters{Malformed: 1}},
		{name: "keep-alive", natt: true, in: []byte{0xFF}, kept: Counters{KeepAlives: 1}},
		{name: "another single octet", natt: true, in: []byte{0xFE}, kept: Counters{Malformed: 1}},
		{name: "nothing on 4500", natt: true, in: []byte{}, kept: Counters{Malformed: 1}},
		{name: "three zeros", natt: true, in: []byte{0, 0, 0}, kept: Counters{Malformed: 1}},
		{name: "ESP too short", natt: true, in: []byte{0, 0, 1, 0, 0, 0, 1}, kept: Counters{Malformed: 1}},
		{name: "ESP", natt: true, in: []byte{0, 0, 1, 0, 0, 0, 0, 1}, want: "esp 198.51.100.7:500>192.0.2.1:4500 0000010000000001"},
		{name: "ESP that begins like a keep-alive", natt: true, in: bytes.Repeat([]byte{0xFF}, 8), want: "esp 198.51.100.7:500>192.0.2.1:4500 ffffffffffffffff"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conversation(t, nil, func(b *bench) {
				socket := b.ike
				if test.natt {
					socket = b.natt
				}
				socket.in <- test.in
				synctest.Wait()
				if got := b.loop.Counters(); got != test.kept {
					t.Errorf("counters %+v, want %+v", got, test.kept)
				}
			}, test.want)
		})
	}
}

func TestADatagramIsTheEnginesToKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		var kept [][]byte
		b.engine.answer = func(in ike.Input) []ike.Output {
			if d, ok := in.(ike.Datagram); ok {
				kept = append(kept, d.Octets)
			}
			return nil
		}
		b.run()
		b.ike.in <- []byte{1, 1}
		b.ike.in <- []byte{2, 2}
		synctest.Wait()
		b.end()
		if len(kept) != 2 || !bytes.Equal(kept[0], []byte{1, 1}) {
			t.Errorf("the engine kept %v, want its octets untouched by the next datagram", kept)
		}
	})
}

func TestSendChoosesPortAndMarker(t *testing.T) {
	conversation(t,
		toConfig(
			ike.Send{Local: here, Remote: there, Octets: []byte{1, 2}},
			ike.Send{Local: hereNATT, Remote: there, Octets: []byte{3, 4}},
			ike.Send{Local: hereNATT, Remote: there, Octets: []byte{0xFF}},
			ike.Send{Local: hereNATT, Remote: there, Octets: []byte{0xFE}},
		),
		configure,
		"step ike.SetConfig",
		"500 192.0.2.1:500>198.51.100.7:500 0102",
		"4500 192.0.2.1:4500>198.51.100.7:500 000000000304",
		"4500 192.0.2.1:4500>198.51.100.7:500 ff",
		"4500 192.0.2.1:4500>198.51.100.7:500 00000000fe")
}

func TestASendThatFailsIsReportedAndTheBatchGoesOn(t *testing.T) {
	conversation(t,
		func(b *bench) {
			toConfig(ike.Send{Local: here, Remote: there, Octets: []byte{1}}, install(4))(b)
			b.ike.fail = errors.New("network is unreachable")
		},
		configure,
		"step ike.SetConfig", "500 192.0.2.1:500>198.51.100.7:500 01", "trouble *loop.SocketError", "add 4")
}

func TestAnErrorOfTheSocketIsReportedAndWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run()
		start := time.Now()
		b.ike.in <- errors.New("no buffer space")
		b.ike.in <- []byte{1}
		synctest.Wait()
		if got := time.Since(start); got != readPause {
			t.Errorf("the next datagram was read after %v, want %v", got, readPause)
		}
		got := b.String()
		b.end()
		if want := "trouble *loop.SocketError\nstep datagram 198.51.100.7:500>192.0.2.1:500 01"; got != want {
			t.Errorf("journal\n%s\nwant\n%s", got, want)
		}
	})
}

func TestTheEndDoesNotWaitForAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run()
		b.ike.in <- errors.New("no buffer space")
		start := time.Now()
		b.end()
		if got := time.Since(start); got != 0 {
			t.Errorf("Run took %v to end, want no time", got)
		}
	})
}
