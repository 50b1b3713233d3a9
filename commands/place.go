package commands

import (
	"maps"
	"slices"

	"sallyport/commands/grammar"
)

// A place is where a command line stands: in user view, in system view, or in
// the view of an object.
type place struct {
	system bool
	object *grammar.Entry // nil: in no feature view
	around *grammar.Entry // the feature view that object was opened in; nil: system view
}

// groups are the tables that a line is looked up in: those of the view, then those of the
// views around it, then what is understood and not offered.
func (p *place) groups() [][]*grammar.Table {
	switch {
	case p.around != nil:
		return [][]*grammar.Table{{p.object.Table, anywhereTable}, {p.around.Table}, {systemTable}, {againTable}}
	case p.object != nil:
		return [][]*grammar.Table{{p.object.Table, anywhereTable}, {systemTable}, {againTable}}
	case p.system:
		return [][]*grammar.Table{{systemTable, anywhereTable}, {againTable}}
	}
	return [][]*grammar.Table{{userTable, anywhereTable}}
}

// settle leaves the view of an object that another session has deleted.
func (p *place) settle(c *Config) {
	for p.object != nil && p.object.Find(c) == nil {
		p.up()
	}
}

// up leaves a feature view.
func (p *place) up() { p.object, p.around = p.around, nil }

// prompt returns what stands before a line typed here.
func (p *place) prompt(c *Config) string {
	switch {
	case p.object != nil:
		return "[" + c.Sysname + "-" + p.object.Table.Tag(p.object.Find(c)) + "]"
	case p.system:
		return "[" + c.Sysname + "]"
	}
	return "<" + c.Sysname + ">"
}

// run understands a line and changes the configuration of e and the place as it
// says. What the line wants done otherwise is returned. If there is an error,
// nothing has changed.
func (p *place) run(e *edit, line grammar.Line, level int) (action any, err error) {
	command, group, err := grammar.Parse(line, level, p.groups()...)
	if err != nil {
		return nil, err
	}
	next := *p
	for ; group > 0 && next.object != nil; group-- {
		next.up()
	}
	switch {
	case command.Edit != nil:
		err = next.edit(e, command)
	case command.Entry != nil && command.Undo:
		err = next.remove(e, next.inside(command.Entry))
	case command.Entry != nil:
		err = next.enter(e, command.Entry)
	}
	if err != nil {
		return nil, err
	}
	*p = next
	return command.Action, nil
}

// edit changes a copy of the view's object and puts it in its place.
func (p *place) edit(e *edit, command grammar.Command) error {
	e.own()
	if p.object == nil {
		changed := *e.config
		e.before = e.config
		if err := command.Edit(e, &changed); err != nil {
			return err
		}
		*e.config = changed
		return nil
	}
	e.before = p.object.Find(e.config)
	changed := p.object.Copy(e.before)
	if err := command.Edit(e, changed); err != nil {
		return err
	}
	complete := e.completeBefore(e.before, changed)
	p.object.Put(e.config, changed)
	e.warnOfIncomplete(complete)
	return nil
}

// enter opens an object, and makes it if there is none.
func (p *place) enter(e *edit, object *grammar.Entry) error {
	around := p.object
	object = p.inside(object)
	if err := object.Create(e, e.config); err != nil {
		return err
	}
	if object.Find(e.config) == nil {
		e.own()
		object.Put(e.config, object.New())
	}
	p.object, p.around = object.Opened(e.config), around
	return nil
}

// remove deletes an object.
func (p *place) remove(e *edit, object *grammar.Entry) error {
	if object.Find(e.config) == nil {
		return grammar.ErrNotConfigured
	}
	if err := object.Delete(e, e.config); err != nil {
		return err
	}
	e.own()
	complete := e.completeBefore(object.Find(e.config), nil)
	object.Remove(e.config)
	e.warnOfIncomplete(complete)
	p.settle(e.config)
	return nil
}

// sortedKeys returns the keys of m in order.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
