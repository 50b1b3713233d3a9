package commands

import "sallyport/commands/grammar"

// inside returns an object of the view's object as one of the configuration.
func (p *place) inside(object *grammar.Entry) *grammar.Entry {
	if p.object == nil {
		return object
	}
	return nested(p.object, object)
}

// nested returns an entry of the configuration for an object inside another one, which exists.
// What is changed is a copy of the outer object.
func nested(outer, inner *grammar.Entry) *grammar.Entry {
	change := func(config any, do func(parent any)) {
		parent := outer.Copy(outer.Find(config))
		do(parent)
		outer.Put(config, parent)
	}
	return &grammar.Entry{
		Table: inner.Table,
		New:   inner.New,
		Copy:  inner.Copy,
		Find: func(config any) any {
			if parent := outer.Find(config); parent != nil {
				return inner.Find(parent)
			}
			return nil
		},
		Opened: func(config any) *grammar.Entry { return nested(outer, inner.Opened(outer.Find(config))) },
		Render: func(config, child any) grammar.Block { return inner.Render(outer.Find(config), child) },
		Put: func(config, child any) {
			change(config, func(parent any) { inner.Put(parent, child) })
		},
		Remove: func(config any) { change(config, inner.Remove) },
		Create: func(x, config any) error { return inner.Create(x, outer.Find(config)) },
		Delete: func(x, config any) error { return inner.Delete(x, outer.Find(config)) },
	}
}
