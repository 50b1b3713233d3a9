package commands

// A Running is the configuration in force, shared by all sessions of a box. It
// has no lock: whoever owns the sessions serialises their Exec.
type Running struct{ config *Config }

// NewRunning returns a Running that holds c, which is taken to be in force.
func NewRunning(c *Config) *Running { return &Running{config: c} }

// Config returns the configuration in force. It is not to be changed.
func (r *Running) Config() *Config { return r.config }

// accept makes c the configuration in force, which a line of s has brought about
// and the device has applied.
func (r *Running) accept(_ *Session, _ string, c *Config) { r.config = c }
