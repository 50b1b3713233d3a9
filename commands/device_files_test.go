package commands

// fakeFiles are the files of a fakeDevice.
type fakeFiles struct {
	saved  string
	broken error // of Save and Saved
}

func (d *fakeFiles) Save(text string) error {
	if d.broken != nil {
		return d.broken
	}
	d.saved = text
	return nil
}

func (d *fakeFiles) Saved() (string, error) { return d.saved, d.broken }
