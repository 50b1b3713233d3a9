package commands

import (
	"math"
	"time"
)

// A cpuDisplay is `display cpu-usage`.
type cpuDisplay struct {
	Time       time.Time  `json:"time"`
	Period     int        `json:"period_seconds"`
	Usage      int        `json:"usage_percent"` // of all processors
	Own        int        `json:"sallyport_percent"`
	Processors int        `json:"processors"`
	Load       [3]float64 `json:"load_averages"` // over 1, 5 and 15 minutes
}

func newCPUDisplay(c CPUStatus, now time.Time) cpuDisplay {
	return cpuDisplay{
		Time: now.Truncate(time.Second), Period: wholeSeconds(c.Period),
		Usage: percent(c.Busy), Own: percent(c.Own), Processors: c.Processors, Load: c.Load,
	}
}

// wholeSeconds rounds to the nearest.
func wholeSeconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

// percent returns a share of one in whole percent.
func percent(share float64) int {
	return int(math.Round(100 * min(max(share, 0), 1)))
}

func (d cpuDisplay) text() string {
	var p page
	p.addf("CPU Usage Stat. Cycle: %d (Second)", d.Period)
	p.addf("CPU Usage            : %d%%", d.Usage)
	p.addf("CPU Usage Stat. Time : %s", zoned(d.Time))
	p.addf("Sallyport's part     : %d%%", d.Own)
	p.addf("Processors           : %d", d.Processors)
	p.addf("Load averages        : %.2f (1 minute) %.2f (5 minutes) %.2f (15 minutes)", d.Load[0], d.Load[1], d.Load[2])
	return p.text()
}

// A memoryDisplay is `display memory-usage`.
type memoryDisplay struct {
	Time  time.Time `json:"time"`
	Total uint64    `json:"total_octets"`
	Used  uint64    `json:"used_octets"`
	Own   uint64    `json:"sallyport_octets"`
}

func newMemoryDisplay(m MemoryStatus, now time.Time) memoryDisplay {
	return memoryDisplay{now.Truncate(time.Second), m.Total, m.Total - min(m.Available, m.Total), m.Own}
}

func (d memoryDisplay) text() string {
	var p page
	p.addf(" Memory utilization statistics at %s", zoned(d.Time))
	p.addf(" System Total Memory Is: %d bytes", d.Total)
	p.addf(" Total Memory Used Is: %d bytes", d.Used)
	p.addf(" Memory Using Percentage Is: %d%%", percent(float64(d.Used)/float64(max(d.Total, 1))))
	p.addf(" Sallyport Memory Is: %d bytes", d.Own)
	return p.text()
}
