package commands

// Logs are the information centre of a box: what it has logged, and where its
// lines go.
type Logs interface{}
