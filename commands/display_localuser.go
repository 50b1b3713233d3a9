package commands

import "fmt"

// localUserDisplay is `display local-user`. No password is in it.
type localUserDisplay struct {
	Users []localUserEntry `json:"users"`
	Locks []lockEntry      `json:"locks"` // after wrong passwords
}

type localUserEntry struct {
	Name        string   `json:"name"`
	State       string   `json:"state"` // active or block
	Services    []string `json:"service_types"`
	Level       int      `json:"privilege_level"`
	HasPassword bool     `json:"password_set"`
}

func newLocalUserDisplay(users []*LocalUser) localUserDisplay {
	d := localUserDisplay{Users: []localUserEntry{}, Locks: []lockEntry{}}
	for _, u := range users {
		e := localUserEntry{
			Name: u.Name, State: "active", Level: u.Level,
			Services: append([]string{}, u.services()...), HasPassword: u.Password != "",
		}
		if u.Blocked {
			e.State = "block"
		}
		d.Users = append(d.Users, e)
	}
	return d
}

var localUserColumns = columns{2, 33, 40, 50}

func (d localUserDisplay) text() string {
	var p page
	rule := "  " + dashes(76)
	p.add(rule)
	p.add(localUserColumns.row("User-name", "State", "AuthMask", "AdminLevel"))
	p.add(rule)
	for _, u := range d.Users {
		p.add(localUserColumns.row(printable(u.Name, peerTextLimit), map[string]string{"active": "A", "block": "B"}[u.State], u.mask(), fmt.Sprint(u.Level)))
	}
	p.add(rule)
	p.addf("  Total %d user(s)", len(d.Users))
	addLocks(&p, d.Locks)
	return p.text()
}

// mask is a letter for each way in: M the terminal, S SSH, I IKE.
func (u localUserEntry) mask() string {
	mask := ""
	for _, s := range u.Services {
		mask += map[string]string{"terminal": "M", "ssh": "S", "ike": "I"}[s]
	}
	if mask == "" {
		return "-"
	}
	return mask
}
