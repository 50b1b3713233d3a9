package main

import (
	"maps"

	"sallyport/commands"
	"sallyport/ike"
)

// A trusting engine is one that a configuration goes to with what the vault's objects and the
// configuration's domains come to. When either changes it goes there again: the next
// negotiation has it, and an SA ends if it was made with what counts no more.
type trusting struct {
	engine
	vault *vault
}

// Input passes an input on.
func (t *trusting) Input(in ike.Input) {
	t.vault.mu.Lock()
	defer t.vault.mu.Unlock()
	switch given := in.(type) {
	case ike.SetConfig:
		t.vault.sent = given.Config
		in = ike.SetConfig{Config: t.vault.with(given.Config)}
	case ike.Resume:
		t.vault.sent = given.Config
		given.Config = t.vault.with(given.Config)
		in = given
	}
	t.engine.Input(in)
}

// use has the domains of c count. c may be nil: nothing was configured yet.
func (v *vault) use(c *commands.Config) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c == nil || v.wanted != nil && maps.Equal(v.wanted.PKIDomains, c.PKIDomains) {
		return
	}
	v.wanted = c
	v.renew()
}

// renew tells the engine of what has changed. The caller holds the lock.
func (v *vault) renew() {
	if v.wanted == nil {
		return
	}
	v.trust = v.wanted.Trust(v.objects)
	v.complain()
	if v.sent != nil {
		v.engine.Input(ike.SetConfig{Config: v.with(v.sent)})
	}
}

// complain says which objects count for nothing, each once. The caller holds the lock.
func (v *vault) complain() {
	told := map[string]bool{}
	for _, fault := range v.trust.Faults {
		text := fault.Error()
		if told[text] = true; !v.told[text] {
			v.log.note(pkiFault, "%s", text)
		}
	}
	v.told = told
}

// with returns a configuration with what is trusted now. The caller holds the lock.
func (v *vault) with(c *ike.Config) *ike.Config {
	out := *c
	out.Store, out.Credentials = v.trust.Store, v.trust.Credentials
	return &out
}
