package commands

import "sallyport/ike"

// A Verdict is the answer of one who may know a user of IKE's extended authentication.
type Verdict struct {
	ike.Authenticated
	Wrong   bool // the password is, or the user: a guess that counts for the lock-out
	Unknown bool // another may know the user: it is none of this one's, or this one does not answer
}

// Refused is the verdict on who may not come in, though nothing was guessed.
func Refused(reason string) Verdict { return Verdict{Authenticated: ike.Authenticated{Reason: reason}} }

// Judge has those who may know the user asked in turn, until one does. The last one's verdict counts.
func (l Login) Judge(ask func(AuthenticationMode) Verdict) Verdict {
	v := Refused("nobody is asked about users of the domain")
	for _, mode := range l.Modes {
		if v = ask(mode); !v.Unknown {
			break
		}
	}
	return v
}

// Judge says whether the user, who may be nil, may come in through IKE, with a password that is right
// or is not.
func (u *LocalUser) Judge(right bool) Verdict {
	switch {
	case u == nil:
		return u.wrong("there is no local-user of that name")
	case !u.IKE:
		return u.wrong("the local-user has no service-type ike")
	case u.Blocked:
		return u.wrong("the local-user is blocked")
	case u.Password == "" || !right:
		return u.wrong("wrong password")
	}
	return Verdict{Authenticated: ike.Authenticated{Granted: true, Local: u.Name}}
}

func (u *LocalUser) wrong(reason string) Verdict {
	v := Refused(reason)
	v.Wrong, v.Unknown = true, u == nil
	return v
}
