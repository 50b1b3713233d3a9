package radius

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"

	"layeh.com/radius"
	"layeh.com/radius/rfc2869"

	"sallyport/ipsec/secret"
)

// Sizes and places in a packet, in octets: RFC 2865 §3, RFC 3579 §3.2.
const (
	headerLen       = 20
	authenticatorAt = 4
	macLen          = md5.Size
)

// findMAC returns the value of the packet's Message-Authenticator, in place.
// There must be exactly one, and b must be one well-formed packet.
func findMAC(b []byte) (mac []byte, err error) {
	for rest := b[headerLen:]; len(rest) > 0; {
		if len(rest) < 2 || int(rest[1]) < 2 || int(rest[1]) > len(rest) {
			return nil, errors.New("an attribute does not fit into the packet")
		}
		value := rest[2:rest[1]]
		isMAC := radius.Type(rest[0]) == rfc2869.MessageAuthenticator_Type
		switch {
		case isMAC && len(value) != macLen:
			return nil, fmt.Errorf("its Message-Authenticator has %d octets, want %d", len(value), macLen)
		case isMAC && mac != nil:
			return nil, errors.New("it has two Message-Authenticators")
		case isMAC:
			mac = value
		}
		rest = rest[rest[1]:]
	}
	if mac == nil {
		return nil, errors.New("it has no Message-Authenticator")
	}
	return mac, nil
}

// sumMAC returns what the Message-Authenticator of packet b has to be:
// RFC 3579 §3.2. authenticator is the request's, for a request and its answer.
func sumMAC(b, authenticator []byte, key secret.Octets) []byte {
	zeroed := append([]byte(nil), b...)
	copy(zeroed[authenticatorAt:headerLen], authenticator)
	if mac, err := findMAC(zeroed); err == nil {
		clear(mac)
	}
	h := hmac.New(md5.New, key)
	h.Write(zeroed)
	return h.Sum(nil)
}

// trim returns the packet that a datagram begins with: what follows is padding
// (RFC 2865 §3).
func trim(datagram []byte) ([]byte, error) {
	if len(datagram) < headerLen {
		return nil, fmt.Errorf("it has %d octets, want at least %d", len(datagram), headerLen)
	}
	length := int(binary.BigEndian.Uint16(datagram[2:]))
	if length < headerLen || length > len(datagram) {
		return nil, fmt.Errorf("its length is %d in a datagram of %d octets", length, len(datagram))
	}
	return datagram[:length], nil
}

// check returns the answer in a datagram if it is authentic, or what is wrong with
// it. request is the packet that was sent.
func check(datagram, request []byte, key secret.Octets) (*radius.Packet, error) {
	b, err := trim(datagram)
	if err != nil {
		return nil, err
	}
	if b[1] != request[1] {
		return nil, fmt.Errorf("its identifier is %d, want %d", b[1], request[1])
	}
	mac, err := findMAC(b)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(mac, sumMAC(b, request[authenticatorAt:headerLen], key)) {
		return nil, errors.New("its Message-Authenticator is wrong for the shared secret")
	}
	if !radius.IsAuthenticResponse(b, request, key) {
		return nil, errors.New("its Response Authenticator is wrong for the shared secret")
	}
	p, err := radius.Parse(b, key)
	if err != nil {
		return nil, err
	}
	if !answers[p.Code] {
		return nil, fmt.Errorf("its code is %v, want Access-Accept, Access-Reject or Access-Challenge", p.Code)
	}
	return p, nil
}
