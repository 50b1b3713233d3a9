package tunnel

import (
	"testing"

	"sallyport/acl"
)

func parse(t *testing.T, p []byte) acl.Tuple {
	t.Helper()
	tuple, err := acl.ParseTuple(p)
	if err != nil {
		t.Fatal(err)
	}
	return tuple
}

// TestDatagrams feeds packets in order and compares the ports that are found.
func TestDatagrams(t *testing.T) {
	first := shape{id: 7, more: true, fromPort: 1000, toPort: 53}
	var d datagrams
	for _, test := range []struct {
		name   string
		packet shape
		known  bool
		to     uint16
	}{
		{"later fragment before the first", shape{id: 7, offset: 80}, false, 0},
		{"first fragment", first, true, 53},
		{"later fragment", shape{id: 7, offset: 80}, true, 53},
		{"one in the middle", shape{id: 7, offset: 160, more: true}, true, 53},
		{"of another packet", shape{id: 8, offset: 80}, false, 0},
		{"of another protocol", shape{id: 7, offset: 80, protocol: acl.TCP}, false, 0},
		{"the other way", shape{id: 7, offset: 80, from: server, to: host}, false, 0},
		{"whole packet", shape{id: 7, toPort: 99}, true, 99},
		{"which is not remembered", shape{id: 7, offset: 80}, true, 53},
		{"identification used again", shape{id: 7, more: true, toPort: 54}, true, 54},
		{"its later fragment", shape{id: 7, offset: 80}, true, 54},
	} {
		p := test.packet.build()
		got := d.complete(p, parse(t, p))
		if got.Fragment == test.known || got.DestinationPort != test.to {
			t.Errorf("%s: %+v, want ports known %v, to %d", test.name, got, test.known, test.to)
		}
	}
}

func TestDatagramsAreBounded(t *testing.T) {
	var d datagrams
	see := func(id int) {
		p := shape{id: uint16(id), more: true, toPort: uint16(id)}.build()
		d.complete(p, parse(t, p))
	}
	const many = 3*maxDatagrams + maxDatagrams/2
	for id := range many {
		see(id)
	}
	if n := len(d.kept.young) + len(d.kept.old); n > 2*maxDatagrams {
		t.Errorf("%d datagrams are remembered, want at most %d", n, 2*maxDatagrams)
	}
	for id, want := range map[int]bool{many - 1: true, many - maxDatagrams: true, 0: false} {
		p := shape{id: uint16(id), offset: 80}.build()
		if got := d.complete(p, parse(t, p)); got.Fragment == want {
			t.Errorf("datagram %d of %d: known is %v, want %v", id, many, !got.Fragment, want)
		}
	}
}
