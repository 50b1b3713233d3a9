package kernel

import (
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// FuzzMessages: whatever comes is read to its end, and nothing of it is taken for ours
// that has no number of ours.
func FuzzMessages(f *testing.F) {
	s := full()
	s.EncryptionKey, s.IntegrityKey = key(24), key(48)
	for _, m := range []message{acquireMessage(FirstIndex), s.message(nl.XFRM_MSG_NEWSA), samples()[3].message(nl.XFRM_MSG_NEWPOLICY),
		request(nl.XFRM_MSG_EXPIRE, 0, append(s.info().Serialize(), zeros(8)...)), request(nl.XFRM_MSG_MAPPING, 0, zeros(64)),
		request(nl.XFRM_MSG_DELSA, 0, zeros(24)).attribute(nl.XFRMA_SA, s.info().Serialize()), request(unix.NLMSG_ERROR, unix.NLM_F_ACK_TLVS, zeros(40))} {
		m.finish(1, 0)
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range readEvents(b) {
			if a, ok := e.(Acquire); ok && !IsOurs(a.Index) {
				t.Errorf("an acquire of others: %+v", a)
			}
		}
		read := func(body []byte) {
			if p, ours := readPolicy(body); ours && (!IsOurs(p.Index) || p.N > MaxTemplates) {
				t.Errorf("a policy of others: %+v", p)
			}
			if s, ok := readState(body); ok && len(body) < nl.SizeofXfrmUsersaInfo {
				t.Errorf("a state of %d octets: %+v", len(body), s)
			}
		}
		a := answer{sequence: 1, want: nl.XFRM_MSG_NEWSA, each: read}
		_, _ = a.read(b)
		read(b)
	})
}
