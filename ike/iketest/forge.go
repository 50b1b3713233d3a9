package iketest

import (
	"errors"
	"fmt"
	"slices"

	"sallyport/ike"
	"sallyport/ike/wire"
)

// forgeries are what anybody on the way can say in an end's name, in clear: the cookies are
// there to be read.
var forgeries = map[string]func(i, r wire.Cookie) wire.Payload{
	"delete":             func(i, r wire.Cookie) wire.Payload { return wire.DeleteISAKMP(i, r) },
	"initial-contact":    notification(wire.InitialContact),
	"invalid-cookie":     notification(wire.InvalidCookie),
	"no-proposal-chosen": notification(wire.NoProposalChosen),
	"invalid-spi":        notification(wire.InvalidSPI),
}

func notification(t wire.NotifyType) func(i, r wire.Cookie) wire.Payload {
	return func(i, r wire.Cookie) wire.Payload { return wire.NewNotify(t, i, r, nil) }
}

// forge sends one of them with the addresses and cookies of what the host has sent last.
func (h *host) forge(words []string) error {
	if len(words) != 1 || forgeries[words[0]] == nil {
		return fmt.Errorf("nothing is forged as %q", words)
	}
	all := h.session.all
	for _, d := range slices.Backward(all) {
		if d.from != h {
			continue
		}
		header, _, _, err := wire.ParseHeader(d.in.Octets)
		if err != nil {
			return err
		}
		header.Exchange, header.Flags, header.MessageID = wire.Informational, 0, wire.MessageID(len(all))
		m := &wire.Message{Header: header, Payloads: []wire.Payload{forgeries[words[0]](header.CookieI, header.CookieR)}}
		h.send(ike.Send{Local: d.in.Remote, Remote: d.in.Local, Octets: m.Append(nil)}, []ike.Output{ike.MessageSent{Number: 1, Message: m}})
		return nil
	}
	return errors.New("it has sent nothing yet")
}
