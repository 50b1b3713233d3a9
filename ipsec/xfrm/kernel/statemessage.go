package kernel

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// message writes a state the way the kernel wants it. The message has the keys in it.
func (s *State) message(kind uint16) message {
	m := request(kind, unix.NLM_F_ACK, s.info().Serialize())
	m = s.algorithms(m)
	m = s.window(m)
	if s.Encapsulation != (ipsec.Ports{}) {
		m = s.encapsulation(m)
	}
	if s.Offload != 0 {
		m = m.attribute(nl.XFRMA_OFFLOAD_DEV, native32(uint32(s.Offload)), native32(uint32(s.offloadFlags())))
	}
	return m.number(nl.XFRMA_SET_MARK, s.OutputMark).number(nl.XFRMA_IF_ID, s.IfID)
}

// info is what every state has.
func (s *State) info() *nl.XfrmUsersaInfo {
	x := &nl.XfrmUsersaInfo{
		Id:  nl.XfrmId{Spi: swap32(uint32(s.ID.SPI)), Proto: uint8(s.ID.Protocol)},
		Lft: s.limits(), Reqid: s.ReqID, Family: unix.AF_INET, Mode: modeNumber(s.Mode),
		Sel: selectorOf(selection.All(), 0),
	}
	put(x.Id.Daddr[:], s.ID.Destination)
	put(x.Saddr[:], s.Source)
	if s.Selector != nil {
		x.Sel = selectorOf(*s.Selector, 0)
	}
	if s.ESN {
		x.Flags |= nl.XFRM_STATE_ESN
	}
	if s.ID.Protocol == ipsec.AH {
		x.Flags |= nl.XFRM_STATE_ALIGN4 // RFC 4302 §3.3.3.2.1: under IPv4 a multiple of 4 octets, not 8
	}
	return x
}

// limits writes the lifetimes.
func (s *State) limits() nl.XfrmLifetimeCfg {
	l := unlimited
	l.SoftAddExpiresSeconds, l.HardAddExpiresSeconds = seconds(s.Soft.Duration), seconds(s.Hard.Duration)
	if s.Soft.Octets != 0 {
		l.SoftByteLimit = s.Soft.Octets
	}
	if s.Hard.Octets != 0 {
		l.HardByteLimit = s.Hard.Octets
	}
	return l
}

// seconds rounds up: a limit of less than a second is not none.
func seconds(d time.Duration) uint64 { return uint64((d + time.Second - 1) / time.Second) }

// algorithms appends them, with their keys.
func (s *State) algorithms(m message) message {
	switch cipher := cipherOf(s.Encryption); {
	case s.Encryption == ipsec.NoEncryption:
	case s.Encryption.AEAD():
		m = m.attribute(nl.XFRMA_ALG_AEAD, cipher.header(true), s.EncryptionKey)
	default:
		m = m.attribute(nl.XFRMA_ALG_CRYPT, cipher.header(false), s.EncryptionKey)
	}
	if s.Integrity == ipsec.NoIntegrity {
		return m
	}
	return m.attribute(nl.XFRMA_ALG_AUTH_TRUNC, digestOf(s.Integrity).header(true), s.IntegrityKey)
}

// window appends the replay window: struct xfrm_replay_state_esn, which a state of 32
// bits may have too. The window of struct xfrm_usersa_info has no more than 8 bits.
func (s *State) window(m message) message {
	size := s.Window
	if s.ESN && size == 0 {
		size = ipsec.MinWindow // the kernel refuses none: RFC 4303 §3.3.3
	}
	if size == 0 { // a peer that checks nothing: RFC 4303 §3.3.3 lets the numbers begin anew
		return m.number(nl.XFRMA_SA_EXTRA_FLAGS, sequenceMayWrap)
	}
	words := (size + 31) / 32
	x := nl.XfrmReplayStateEsn{BmpLen: uint32(words), ReplayWindow: uint32(size)}
	return m.attribute(nl.XFRMA_REPLAY_ESN_VAL, x.Serialize(), make([]byte, 4*words))
}

// sequenceMayWrap is XFRM_SA_XFLAG_OSEQ_MAY_WRAP of linux/xfrm.h.
const sequenceMayWrap = 2

// encapsulation appends the ports that the UDP packets have. Of an inbound state the
// kernel compares them, and tells of a peer that has moved: not more than once in
// mappingPause.
func (s *State) encapsulation(m message) message {
	source, destination := s.Encapsulation.Local, s.Encapsulation.Remote
	if s.Inbound {
		source, destination = destination, source
		m = m.number(nl.XFRMA_MTIMER_THRESH, mappingPause)
	}
	x := nl.XfrmEncapTmpl{EncapType: unix.UDP_ENCAP_ESPINUDP, EncapSport: swap16(source), EncapDport: swap16(destination)}
	return m.attribute(nl.XFRMA_ENCAP, x.Serialize())
}

// mappingPause is how many seconds the kernel does not repeat that a peer has moved.
const mappingPause = 1

// offloadInbound says to hardware which direction a state has: XFRM_OFFLOAD_INBOUND.
const offloadInbound = 2

// offloadFlags writes a state's direction for hardware.
func (s *State) offloadFlags() uint8 {
	if s.Inbound {
		return offloadInbound
	}
	return 0
}

// readState is the way back of message, without keys. It is false for what is no state.
func readState(body []byte) (s Installed, ok bool) {
	if len(body) < nl.SizeofXfrmUsersaInfo {
		return s, false
	}
	s = installedOf(nl.DeserializeXfrmUsersaInfo(body))
	s.Larval = true
	_ = attributes(body[nl.SizeofXfrmUsersaInfo:], s.attribute)
	return s, true
}

// installedOf reads what every state has.
func installedOf(x *nl.XfrmUsersaInfo) Installed {
	sel := selectionOf(&x.Sel)
	return Installed{
		State: State{
			ID:     ipsec.SAID{Destination: address(x.Id.Daddr[:]), Protocol: ipsec.Protocol(x.Id.Proto), SPI: ipsec.SPI(swap32(x.Id.Spi))},
			Source: address(x.Saddr[:]), Mode: modeOf(x.Mode), ReqID: x.Reqid, Selector: &sel,
			Window: int(x.ReplayWindow), ESN: x.Flags&nl.XFRM_STATE_ESN != 0,
			Soft: lifetime(x.Lft.SoftAddExpiresSeconds, x.Lft.SoftByteLimit),
			Hard: lifetime(x.Lft.HardAddExpiresSeconds, x.Lft.HardByteLimit),
		},
		Counters: ipsec.Counters{
			Packets: x.Curlft.Packets, Octets: x.Curlft.Bytes, ICVFailures: uint64(x.Stats.IntegrityFailed),
		},
	}
}

// lifetime reads a limit.
func lifetime(seconds, octets uint64) ipsec.Lifetime {
	l := ipsec.Lifetime{Duration: time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second, Octets: octets}
	if octets == nl.XFRM_INF {
		l.Octets = 0
	}
	return l
}

// attribute reads one. What is too short for what it says to be is left out.
func (s *Installed) attribute(kind uint16, value []byte) {
	switch kind {
	case nl.XFRMA_ALG_AUTH_TRUNC, nl.XFRMA_ALG_CRYPT, nl.XFRMA_ALG_AEAD:
		s.readAlgorithm(kind, value)
	case nl.XFRMA_REPLAY_ESN_VAL:
		s.readWindow(value)
	case nl.XFRMA_REPLAY_VAL:
		if len(value) >= 8 {
			s.Counters.Sequence = uint64(max(read32(value), read32(value[4:])))
		}
	case nl.XFRMA_ENCAP:
		if len(value) >= nl.SizeofXfrmEncapTmpl {
			x := nl.DeserializeXfrmEncapTmpl(value)
			s.Encapsulation = ipsec.Ports{Local: swap16(x.EncapSport), Remote: swap16(x.EncapDport)}
		}
	case nl.XFRMA_OFFLOAD_DEV:
		if len(value) >= 5 {
			s.Offload, s.Inbound = int(read32(value)), value[4]&offloadInbound != 0
		}
	case nl.XFRMA_LASTUSED:
		if len(value) >= 8 {
			s.Counters.LastUsed = time.Unix(int64(binary.NativeEndian.Uint64(value)), 0)
		}
	case nl.XFRMA_SET_MARK, nl.XFRMA_IF_ID:
		s.readNumber(kind, value)
	}
}

// readNumber reads a mark or an identifier.
func (s *Installed) readNumber(kind uint16, value []byte) {
	switch {
	case len(value) < 4:
	case kind == nl.XFRMA_IF_ID:
		s.IfID = read32(value)
	default:
		s.OutputMark = read32(value)
	}
}

// readAlgorithm reads an algorithm's name, and no key.
func (s *Installed) readAlgorithm(kind uint16, value []byte) {
	a, ok := readAlgorithm(value, kind != nl.XFRMA_ALG_CRYPT)
	if !ok {
		return
	}
	s.Larval = false
	if kind == nl.XFRMA_ALG_AUTH_TRUNC {
		s.Integrity = integrityOf(a)
	} else {
		s.Encryption = encryptionOf(a)
	}
}

// readWindow reads struct xfrm_replay_state_esn: the window and the sequence numbers.
func (s *Installed) readWindow(b []byte) {
	if len(b) < nl.SizeofXfrmReplayStateEsn {
		return
	}
	out := uint64(read32(b[12:]))<<32 | uint64(read32(b[4:]))
	in := uint64(read32(b[16:]))<<32 | uint64(read32(b[8:]))
	s.Counters.Sequence, s.Window = max(out, in), int(read32(b[20:]))
}
