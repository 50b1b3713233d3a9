package tunnel

import (
	"errors"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// policyGroupXFRM is the multicast group of changes of policies: XFRMNLGRP_POLICY of
// linux/xfrm.h.
const policyGroupXFRM = 4

// gatePolicies are the policies of one network namespace, as the gate needs them.
type gatePolicies struct{ *kernel.Kernel }

// list returns ours. All that is not of the gate's kind another dataplane of ours
// left: it has no selection that the gate wants.
func (k gatePolicies) list() (ours, others []installed, err error) {
	all, err := k.Policies()
	for _, p := range all {
		if at := installedOf(p); at.policy() == p {
			ours = append(ours, at)
		} else {
			others = append(others, at)
		}
	}
	return ours, others, err
}

// add adds one, or puts it into the place of one of ours.
func (k gatePolicies) add(p installed, replace bool) error { return k.AddPolicy(p.policy(), replace) }

// remove removes one, of whatever kind.
func (k gatePolicies) remove(p installed) error { return k.DeletePolicy(p.index, p.ifID) }

// blockedCounter is the line of /proc/net/xfrm_stat with the packets that a policy of
// direction in held back.
const blockedCounter = "XfrmInPolBlock"

// blocked reads the kernel's counter, which it has in this namespace alone.
func (k gatePolicies) blocked() (packets uint64, ok bool) {
	s, err := k.Statistics()
	return s.Of(blockedCounter), err == nil && len(s.Counters) > 0
}

// sweep removes what the kernel's dataplane left that ran here before, besides its
// policies: states, tunnel interfaces, and that packets wait for a state. That fragments are put together ends too, but
// does no harm.
func sweep(k *kernel.Kernel) error {
	states, err := k.States()
	for _, s := range states {
		err = errors.Join(err, k.DeleteState(s.ID))
	}
	tunnels, e := k.Tunnels()
	err = errors.Join(err, e)
	for _, t := range tunnels {
		err = errors.Join(err, k.RemoveTunnel(t.Name))
	}
	_ = k.Reassemble(false)
	if w, failed := k.Waiting(); failed == nil && w == kernel.Patient {
		err = errors.Join(err, k.SetWaiting(kernel.Usual))
	}
	return err
}

// policy returns what the kernel is asked for.
func (p installed) policy() kernel.Policy {
	return kernel.Policy{Direction: kernel.In, Selection: p.Selection, Block: !p.Allow, Priority: p.priority, Index: p.index}
}

// installedOf is the way back of policy.
func installedOf(p kernel.Policy) installed {
	return installed{Clause: selection.Clause{Selection: p.Selection, Allow: !p.Block}, priority: p.Priority, index: p.Index, ifID: p.IfID}
}
