package wire

import "fmt"

// A SyntaxError says that octets make no sense as ISAKMP. The message they came
// in is to be dropped whole.
type SyntaxError struct {
	Payload PayloadType // in which payload; 0: in the header
	Offset  int         // octets from the start of the message, header included
	Got     string      // what came
	Wanted  string      // what would have been right
	Notify  NotifyType  // what RFC 2408 §3.14.1 calls a fault of the header's; 0: it has no name there
}

// bad returns the error about what is in a payload; format says what came. It has
// no offset: the payload has left its message.
func bad(in PayloadType, wanted, format string, args ...any) error {
	return &SyntaxError{Payload: in, Got: fmt.Sprintf(format, args...), Wanted: wanted}
}

// Error returns, for example, "SA payload, octet 42: SPI of 17 octets, wanted at most 16".
func (e *SyntaxError) Error() string {
	where := "header"
	if e.Payload != PayloadNone {
		where = e.Payload.String() + " payload"
	}
	return fmt.Sprintf("%s, octet %d: %s, wanted %s", where, e.Offset, e.Got, e.Wanted)
}
