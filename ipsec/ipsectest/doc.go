// Package ipsectest is the test kit of dataplanes: a [Fake] that prints itself, for
// those who drive one, and the [Suite] that every real one has to pass, in network
// namespaces with real packets; [Mixed] has two kinds of them talk to each other.
// Production code does not import it.
//
// Start at [Suite], and see lab.go for the topology.
package ipsectest
