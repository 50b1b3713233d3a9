package commands

import (
	"net/netip"
	"slices"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// Where a peer is: one address and backups of it, a range of addresses, the name of a host,
// or nothing, which stands for anywhere.

// maxRemotes is how many addresses a peer can have.
const maxRemotes = 8

// A peerRemote is one `remote-address`.
type peerRemote struct {
	First, Last netip.Addr // Last is zero if there is one address
	Host        string     // empty: an address
	Named       bool       // of an undo: the host, whatever its name
}

// String returns what follows remote-address.
func (r peerRemote) String() string {
	switch {
	case r.Host != "":
		return "host-name " + r.Host
	case r.Last.IsValid():
		return r.First.String() + " " + r.Last.String()
	}
	return r.First.String()
}

// A remotePlace is what two peers cannot have both: a message from there would be either's.
type remotePlace struct {
	address netip.Addr
	host    string // in lower case
}

// peerRemoteRows say where the peer is.
func peerRemoteRows() []grammar.Row[ike.Peer] {
	kw, path := grammar.Kw[peerRemote], grammar.Kw[peerRemote]("remote-address", helpRemote)
	host := func(r *peerRemote) *string { return &r.Host }
	low := grammar.Arg(kind.Address(), helpFirstAddress, func(r *peerRemote) *netip.Addr { return &r.First })
	high := grammar.Optional(grammar.Arg(kind.Address(), helpLastAddress, func(r *peerRemote) *netip.Addr { return &r.Last }))
	named := grammar.Sequence(kw("host-name", "Name of the peer's host"), grammar.Arg(kind.HostName(), "Host name", host))
	items, older := remoteItems(), remoteItems()
	items.Undo = []grammar.Element[peerRemote]{path, grammar.OneOf(
		grammar.Sequence(grammar.Flag("host-name", "Name of the peer's host", func(r *peerRemote) *bool { return &r.Named }),
			grammar.Optional(grammar.Arg(kind.HostName(), "Host name", host))),
		grammar.Sequence(low, high))}
	older.Skip = func(peerRemote) bool { return true }
	return []grammar.Row[ike.Peer]{
		grammar.List(items, path, grammar.OneOf(named, grammar.Sequence(low, high))),
		grammar.List(older, kw("remote-domain", "The same as remote-address host-name"), grammar.Arg(kind.HostName(), "Host name", host)).Hidden(),
		authenticationAddressRow(),
	}
}

const (
	helpFirstAddress = "Address, or the first of a range"
	helpLastAddress  = "Last address of the range"
)

// authenticationAddressRow is the address that the peer names as its ID.
func authenticationAddressRow() grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	return grammar.Setting(kw("remote-address", helpRemote), kw("authentication-address", "Address that it authenticates with"),
		grammar.Arg(kind.Address(), helpFirstAddress, func(p *ike.Peer) *netip.Addr { return &p.RemoteID }),
		grammar.Optional(grammar.Arg(kind.Address(), helpLastAddress, func(p *ike.Peer) *netip.Addr { return &p.RemoteIDLast }))).
		Check(checks(func(_ *edit, p *ike.Peer) error { return checkRange(p.RemoteID, p.RemoteIDLast) }))
}

// checkRange refuses a range that ends before it begins. last is zero for one address.
func checkRange(first, last netip.Addr) error {
	if last.IsValid() && last.Less(first) {
		return refuse("The range of addresses ends before it begins: %v is lower than %v.", last, first)
	}
	return nil
}

// remoteItems are the `remote-address`es of a peer, in the order in which they are tried.
func remoteItems() grammar.Items[ike.Peer, peerRemote] {
	return grammar.Items[ike.Peer, peerRemote]{
		All:    peerRemotes,
		New:    func() peerRemote { return peerRemote{} },
		Put:    func(x any, p *ike.Peer, r peerRemote) error { return x.(*edit).addRemote(p, r) },
		Remove: func(x any, p *ike.Peer, r peerRemote) error { return x.(*edit).removeRemote(p, r) },
		Bare:   true,
	}
}

// peerRemotes returns the lines that say where a peer is.
func peerRemotes(p *ike.Peer) (all []peerRemote) {
	switch {
	case p.RemoteHost != "":
		return []peerRemote{{Host: p.RemoteHost}}
	case p.Remote.IsValid():
		all = []peerRemote{{First: p.Remote, Last: p.RemoteLast}}
	}
	for _, a := range p.Backups {
		all = append(all, peerRemote{First: a})
	}
	return all
}

// setRemotes makes lines the place of a peer.
func setRemotes(p *ike.Peer, all []peerRemote) {
	p.Remote, p.RemoteLast, p.RemoteHost, p.Backups = noAddr, noAddr, "", nil
	for i, r := range all {
		switch {
		case i == 0:
			p.Remote, p.RemoteLast, p.RemoteHost = r.First, r.Last, r.Host
		default:
			p.Backups = append(p.Backups, r.First)
		}
	}
}

var noAddr netip.Addr

// single reports whether the line names one address, which there can be several of.
func (r peerRemote) single() bool { return r.Host == "" && !r.Last.IsValid() }

// addRemote adds a place. One that stands alone takes the place of what there is, but a name
// does not replace addresses, nor an address a name: that is more than a correction.
func (e *edit) addRemote(p *ike.Peer, r peerRemote) error {
	if err := checkRange(r.First, r.Last); err != nil {
		return err
	}
	if r.First == r.Last {
		r.Last = noAddr
	}
	all := peerRemotes(p)
	switch {
	case slices.Contains(all, r):
		return nil
	case len(all) > 0 && (r.Host == "") != (all[0].Host == ""):
		return refuse("The IKE peer has remote-address %v already, undo remote-address %v first.", all[0], all[0])
	case !r.single() || len(all) == 0 || !all[0].single():
		all = []peerRemote{r}
	case len(all) == maxRemotes:
		return refuse("An IKE peer can have up to %d addresses.", maxRemotes)
	default:
		all = append(all, r)
	}
	setRemotes(p, all)
	if r.Last.IsValid() {
		if err := e.peerUncalled(p.Name); err != nil {
			return err
		}
	}
	return e.settle(p)
}

// removeRemote removes one place, or all if r is zero.
func (e *edit) removeRemote(p *ike.Peer, r peerRemote) error {
	all := peerRemotes(p)
	if r.Named && p.RemoteHost == "" {
		return grammar.ErrNotConfigured
	}
	r.Named = false
	i := slices.Index(all, r)
	switch {
	case len(all) == 0, r != peerRemote{} && i < 0:
		return grammar.ErrNotConfigured
	case r == peerRemote{}:
		all = nil
	default:
		all = slices.Delete(all, i, i+1)
	}
	setRemotes(p, all)
	if len(all) == 0 {
		if err := e.peerUncalled(p.Name); err != nil {
			return err
		}
	}
	return e.settle(p)
}

// settle keeps the places of peers apart: a peer is found by the address that a message
// comes from. Ranges may overlap, a peer with just that address is preferred.
func (e *edit) settle(p *ike.Peer) error {
	for _, place := range placesOf(p) {
		other := e.peerAt(place)
		switch {
		case other == "" || other == p.Name:
		case place.host != "":
			return refuse("The host name is already used by IKE peer %s.", other)
		default:
			return refuse("The remote address is already used by IKE peer %s.", other)
		}
	}
	e.movePeer(e.before.(*ike.Peer), p)
	return nil
}

// placesOf returns where a peer alone can be. It may be nil.
func placesOf(p *ike.Peer) (all []remotePlace) {
	switch {
	case p == nil:
		return nil
	case p.RemoteHost != "":
		return []remotePlace{{host: p.RemoteHost}}
	case !p.Remote.IsValid() || p.RemoteLast.IsValid():
		return nil
	}
	all = append(all, remotePlace{address: p.Remote})
	for _, a := range p.Backups {
		all = append(all, remotePlace{address: a})
	}
	return all
}

// onePlace reports whether a peer is one box, which a negotiation can be begun with.
func onePlace(p *ike.Peer) bool { return len(placesOf(p)) > 0 }

// peerAt returns the name of the peer at a place, or "".
func (e *edit) peerAt(place remotePlace) string {
	if e.remotes != nil {
		return e.remotes[place]
	}
	for name, p := range e.config.IKEPeers {
		if slices.Contains(placesOf(p), place) {
			return name
		}
	}
	return ""
}

// indexPeers has peerAt know all peers, for an edit of many lines. The SPIs will be looked
// for again.
func (e *edit) indexPeers() {
	e.spis = nil
	e.remotes = make(map[remotePlace]string, len(e.config.IKEPeers))
	for name, p := range e.config.IKEPeers {
		for _, place := range placesOf(p) {
			e.remotes[place] = name
		}
	}
}

// movePeer keeps the places up to date. before or after is nil if there is no peer.
func (e *edit) movePeer(before, after *ike.Peer) {
	if e.remotes == nil {
		return
	}
	for _, place := range placesOf(before) {
		if e.remotes[place] == before.Name {
			delete(e.remotes, place)
		}
	}
	for _, place := range placesOf(after) {
		e.remotes[place] = after.Name
	}
}

// unresolved stands for the address of a host whose name is not resolved: the IPv4 dummy
// address of RFC 7600, which nobody has. The dataplane wants a policy to have a remote
// address; with this one it holds the traffic until the engine knows better and states the
// policy with an address of the host's.
var unresolved = netip.AddrFrom4([4]byte{192, 0, 0, 8})

// placeOf returns the address that the policies of a peer are stated with.
func placeOf(p *ike.Peer) netip.Addr {
	if p.RemoteHost != "" {
		return unresolved
	}
	return p.Remote
}
