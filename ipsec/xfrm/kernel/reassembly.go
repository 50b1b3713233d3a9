package kernel

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// reassemblyTable is the nftables table that makes the kernel put fragments together.
const reassemblyTable = "sallyport"

// A filter speaks to nftables.
type filter struct {
	mutex sync.Mutex // of one change
	conn  *nftables.Conn
	err   error // why there is no conn
}

// openFilter opens nftables in the calling thread's namespace. A kernel without is told of by
// who needs it.
func openFilter() *filter {
	f := new(filter)
	f.conn, f.err = nftables.New(nftables.AsLasting())
	return f
}

// Close frees the connection; the table stays.
func (f *filter) Close() error {
	if f.err != nil {
		return nil
	}
	return f.conn.CloseLasting()
}

// Reassemble has the kernel put the fragments of IPv4 packets together before they
// meet a policy, or no longer. Later fragments have no ports, and would pass by a policy
// that asks for them. What is forwarded is cut again as it leaves.
//
// A rule that asks for a connection's state is what turns that on, in this namespace
// alone; nothing ever runs the rule. An error says what the kernel lacks for it.
func (k *Kernel) Reassemble(on bool) error {
	err := k.filter.reassemble(on)
	switch {
	case !withoutTables(err):
		return describe(err, "nftables table %s", reassemblyTable)
	case on:
		return fmt.Errorf("this kernel puts no fragments together (CONFIG_NF_TABLES, CONFIG_NFT_CT): %w", err)
	}
	return nil
}

// reassemble makes the table, or removes it, whatever is in it, in one transaction.
func (f *filter) reassemble(on bool) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.err != nil {
		return f.err
	}
	// A kernel without nftables says so here. To a transaction it answers too little.
	there, err := f.conn.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return err
	}
	table := &nftables.Table{Name: reassemblyTable, Family: nftables.TableFamilyIPv4}
	if slices.ContainsFunc(there, func(t *nftables.Table) bool { return t.Name == table.Name }) {
		f.conn.DelTable(table)
	}
	if on {
		f.conn.AddTable(table)
		chain := f.conn.AddChain(&nftables.Chain{Name: "reassembly", Table: table})
		f.conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{&expr.Ct{Register: 1, Key: expr.CtKeySTATE}}})
	}
	return f.conn.Flush()
}

// withoutTables reports whether an error says that the kernel has no nftables, or that
// they know no connections.
func withoutTables(err error) bool {
	return slices.ContainsFunc([]error{unix.EPROTONOSUPPORT, unix.EOPNOTSUPP, unix.ENOENT, unix.EINVAL}, func(e error) bool {
		return errors.Is(err, e)
	})
}
