package commands

import (
	"slices"
	"testing"

	"sallyport/ike"
)

func TestLocalUserJudges(t *testing.T) {
	for _, test := range []struct {
		name  string
		user  *LocalUser
		right bool
		want  Verdict
	}{
		{"right", &LocalUser{IKE: true, Password: "x"}, true, Verdict{Authenticated: ike.Authenticated{Granted: true}}},
		{"wrong", &LocalUser{IKE: true, Password: "x"}, false, Verdict{Authenticated: ike.Authenticated{Reason: "wrong password"}, Wrong: true}},
		{"of another service", &LocalUser{SSH: true, Terminal: true, Password: "x"}, true,
			Verdict{Authenticated: ike.Authenticated{Reason: "the local-user has no service-type ike"}, Wrong: true}},
		{"blocked", &LocalUser{IKE: true, Password: "x", Blocked: true}, true,
			Verdict{Authenticated: ike.Authenticated{Reason: "the local-user is blocked"}, Wrong: true}},
		{"without a password", &LocalUser{IKE: true}, true, Verdict{Authenticated: ike.Authenticated{Reason: "wrong password"}, Wrong: true}},
		{"nobody", nil, true, Verdict{Authenticated: ike.Authenticated{Reason: "there is no local-user of that name"}, Wrong: true, Unknown: true}},
	} {
		if got := test.user.Judge(test.right); got != test.want {
			t.Errorf("%s: Judge(%v) = %+v, want %+v", test.name, test.right, got, test.want)
		}
	}
}

func TestLoginJudges(t *testing.T) {
	unknown := Refused("silent")
	unknown.Unknown = true
	wrong := Refused("wrong")
	wrong.Wrong = true
	granted := Verdict{Authenticated: ike.Authenticated{Granted: true}}
	for _, test := range []struct {
		name  string
		modes []AuthenticationMode
		say   map[AuthenticationMode]Verdict
		asked []AuthenticationMode
		want  Verdict
	}{
		{"the first knows", []AuthenticationMode{RadiusServers, LocalUsers}, map[AuthenticationMode]Verdict{RadiusServers: granted},
			[]AuthenticationMode{RadiusServers}, granted},
		{"the first says no", []AuthenticationMode{RadiusServers, LocalUsers}, map[AuthenticationMode]Verdict{RadiusServers: wrong, LocalUsers: granted},
			[]AuthenticationMode{RadiusServers}, wrong},
		{"the first does not know", []AuthenticationMode{LocalUsers, RadiusServers}, map[AuthenticationMode]Verdict{LocalUsers: unknown, RadiusServers: granted},
			[]AuthenticationMode{LocalUsers, RadiusServers}, granted},
		{"neither knows", []AuthenticationMode{LocalUsers, RadiusServers}, map[AuthenticationMode]Verdict{LocalUsers: unknown, RadiusServers: unknown},
			[]AuthenticationMode{LocalUsers, RadiusServers}, unknown},
		{"nobody to ask", nil, nil, nil, Refused("nobody is asked about users of the domain")},
	} {
		var asked []AuthenticationMode
		got := Login{Modes: test.modes}.Judge(func(m AuthenticationMode) Verdict {
			asked = append(asked, m)
			return test.say[m]
		})
		if got != test.want || !slices.Equal(asked, test.asked) {
			t.Errorf("%s: %+v after asking %v, want %+v after %v", test.name, got, asked, test.want, test.asked)
		}
	}
}
