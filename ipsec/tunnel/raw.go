package tunnel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/platform/udp"
)

// socketBuffer is what we ask of the kernel for the raw sockets.
const socketBuffer = 4 << 20

// openRaw returns a raw IPv4 socket of a protocol, with a mark, for which IPsec
// policies of the kernel do not hold.
func openRaw(protocol int, mark uint32) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err == nil {
		if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(mark)); err == nil {
			err = udp.Bypass(fd)
		}
		if err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("raw socket of IP protocol %d: %w%s", protocol, err, advice(err))
	}
	return os.NewFile(uintptr(fd), "raw socket"), nil
}

// advice says what to do about err.
func advice(err error) string {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return ": run as root or give CAP_NET_RAW and CAP_NET_ADMIN"
	}
	return ""
}

// setOption sets an integer option of a socket.
func setOption(f *os.File, level, option, value int) error {
	return onDescriptor(f, func(fd int) error { return unix.SetsockoptInt(fd, level, option, value) })
}

// onDescriptor calls f with the file's descriptor, which stays open meanwhile.
func onDescriptor(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// rawSender sends whole packets through a socket of IPPROTO_RAW.
type rawSender struct {
	file *os.File
	conn syscall.RawConn
	jobs sync.Pool
}

// A sendJob is one packet on its way into the kernel. Jobs are kept and used again,
// with the function that the poller wants, so that sending does not allocate.
type sendJob struct {
	packet []byte
	to     unix.SockaddrInet4
	err    error
	do     func(fd uintptr) bool
}

func newSendJob() any {
	j := new(sendJob)
	j.do = func(fd uintptr) bool {
		j.err = unix.Sendto(int(fd), j.packet, 0, &j.to)
		return j.err != unix.EAGAIN
	}
	return j
}

func openSender(mark uint32) (*rawSender, error) {
	file, err := openRaw(unix.IPPROTO_RAW, mark)
	if err != nil {
		return nil, err
	}
	// Connection tracking would put our fragments together again.
	if err := setOption(file, unix.IPPROTO_IP, unix.IP_NODEFRAG, 1); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &rawSender{file: file, conn: conn, jobs: sync.Pool{New: newSendJob}}, nil
}

// Send sends one IPv4 packet. When the kernel's buffer is full it waits.
func (s *rawSender) Send(packet []byte) error {
	j := s.jobs.Get().(*sendJob)
	defer s.jobs.Put(j)
	j.packet, j.to.Addr = packet, [4]byte(packet[ipDest:])
	err := s.conn.Write(j.do)
	j.packet = nil
	if err != nil {
		return err
	}
	return j.err
}

// Close frees the socket and wakes who waits.
func (s *rawSender) Close() error { return s.file.Close() }

// rawReceiver reads ESP, or AH, and the reports of routers about what of it we sent:
// they come to this socket because its protocol is that of the packet they quote.
type rawReceiver struct {
	*os.File
	protocol ipsec.Protocol
}

func openReceiver(p ipsec.Protocol, mark uint32) (*rawReceiver, error) {
	file, err := openRaw(int(p), mark)
	if err != nil {
		return nil, err
	}
	// The forced size passes the system's limit. A small buffer is no reason not to run.
	_ = setOption(file, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer)
	if err := setOption(file, unix.IPPROTO_IP, unix.IP_RECVERR, 1); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &rawReceiver{file, p}, nil
}

// TooBig reads the socket's error queue up to the next report that names an MTU.
func (r *rawReceiver) TooBig() (tooBigReport, bool) {
	var quote, control [512]byte
	for {
		var report tooBigReport
		found := false
		err := onDescriptor(r.File, func(fd int) error {
			n, cn, _, from, err := unix.Recvmsg(fd, quote[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err == nil {
				report, found = parseReport(r.protocol, quote[:n], control[:cn], from)
			}
			return err
		})
		if err != nil || found {
			return report, found
		}
	}
}

// extendedErrorLen is the octets of struct sock_extended_err (ip(7)): errno 4,
// origin, type, code, padding 1 each, information 4, more 4.
const extendedErrorLen = 16

// Where a router's report, which quotes 8 octets behind the IP header (RFC 792), has the
// SPI: RFC 4303 §2, RFC 4302 §2.
const (
	quotedLen = 8
	spiOfESP  = 0
	spiOfAH   = 4
)

// parseReport reads one message of the error queue. quote is what of our packet
// followed its IP header, to is where it was sent.
func parseReport(p ipsec.Protocol, quote, control []byte, to unix.Sockaddr) (tooBigReport, bool) {
	peer, ok := to.(*unix.SockaddrInet4)
	if !ok || len(quote) < quotedLen {
		return tooBigReport{}, false
	}
	at := spiOfESP
	if p == ipsec.AH {
		at = spiOfAH
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return tooBigReport{}, false
	}
	for _, m := range messages {
		if m.Header.Type != unix.IP_RECVERR || len(m.Data) < extendedErrorLen {
			continue
		}
		number, origin := binary.NativeEndian.Uint32(m.Data), m.Data[4]
		if unix.Errno(number) == unix.EMSGSIZE && origin == unix.SO_EE_ORIGIN_ICMP {
			return tooBigReport{
				sa: ipsec.SAID{
					Destination: netip.AddrFrom4(peer.Addr), Protocol: p, SPI: ipsec.SPI(binary.BigEndian.Uint32(quote[at:])),
				},
				mtu: int(binary.NativeEndian.Uint32(m.Data[8:])),
			}, true
		}
	}
	return tooBigReport{}, false
}
