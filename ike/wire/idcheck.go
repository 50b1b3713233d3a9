package wire

import "fmt"

// The longest names that are looked at, in octets. Genuine ones are far shorter.
const (
	maxName = 256
	maxDN   = 1024
)

// FQDNID returns the ID of a host's name.
func FQDNID(name string) ID { return ID{IDType: IDFQDN, Data: []byte(name)} }

// UserFQDNID returns the ID of a user at a host, such as "user@example.com".
func UserFQDNID(name string) ID { return ID{IDType: IDUserFQDN, Data: []byte(name)} }

// KeyIDID returns the ID of octets that only the two peers understand, such as the
// name of a group.
func KeyIDID(id []byte) ID { return ID{IDType: IDKeyID, Data: id} }

// DNID returns the ID of a distinguished name in DER.
func DNID(der []byte) ID { return ID{IDType: IDDERASN1DN, Data: der} }

// Check reports whether the ID is one of its type. Errors are *SyntaxError: an unknown
// type, the errors of [ID.Range], an empty or overlong name, a name with control
// characters. What a DER name holds is not looked at, nor are protocol and port.
func (id ID) Check() error {
	switch id.IDType {
	case IDFQDN, IDUserFQDN:
		return checkName(PayloadID, id.IDType, id.Data)
	case IDKeyID:
		return checkLength(PayloadID, id.IDType, id.Data, maxName)
	case IDDERASN1DN, IDDERASN1GN:
		return checkLength(PayloadID, id.IDType, id.Data, maxDN)
	}
	if _, known := idNames[id.IDType]; !known {
		return badID("1 to 11", "ID type %v", id.IDType)
	}
	_, _, err := id.Range()
	return err
}

// checkName checks a name in a payload; of is what the payload calls it.
func checkName(in PayloadType, of fmt.Stringer, name []byte) error {
	if err := checkLength(in, of, name, maxName); err != nil {
		return err
	}
	for _, c := range name {
		if c < ' ' || c == 0x7f {
			return bad(in, "printable characters", "%v with the character %#02x", of, c)
		}
	}
	return nil
}

func checkLength(in PayloadType, of fmt.Stringer, b []byte, most int) error {
	if len(b) == 0 || len(b) > most {
		return bad(in, fmt.Sprintf("1 to %d", most), "%v of %s", of, octets(len(b)))
	}
	return nil
}
