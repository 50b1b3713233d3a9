package commands

// Files are the configuration files of a box.
type Files interface {
	Save(text string) error // atomically; the text is what Render wrote
	Saved() (string, error) // "" if nothing was saved
}
