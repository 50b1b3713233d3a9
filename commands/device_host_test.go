package commands

// fakeHost is the host of a fakeDevice.
type fakeHost struct{}
