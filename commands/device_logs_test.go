package commands

// fakeLogs are the logs of a fakeDevice.
type fakeLogs struct{}
