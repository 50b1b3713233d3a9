package link

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// classNet is where the kernel says what netlink does not: the speed.
const classNet = "/sys/class/net"

// speed returns what a device does in bits per second, or 0 if nobody knows. The
// files may be those of another network namespace, which may have a device of the
// same name: they are believed if the hardware address is the same too.
func speed(root, device string, address net.HardwareAddr) uint64 {
	if text := line(filepath.Join(root, device, "address")); text == "" || text != address.String() {
		return 0
	}
	megabits, err := strconv.ParseUint(line(filepath.Join(root, device, "speed")), 10, 32) // -1: no cable
	if err != nil || megabits == 1<<32-1 {
		return 0
	}
	return megabits * 1_000_000
}

// line returns what is in a file of one line, or "" if it cannot be read.
func line(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(text))
}
