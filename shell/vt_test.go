package shell

import (
	"strconv"
	"strings"
)

// A vt is as much of a terminal as shows what an operator sees: characters that
// wrap, the cursor, erasing, scrolling.
type vt struct {
	columns, rows int
	gone          []string // rows that have scrolled away
	grid          [][]rune
	x, y          int
	full          bool   // the last column was written: the next character goes to the next row
	sequence      string // that has begun
	odd           []string
}

func newVT(columns, rows int) *vt {
	v := &vt{columns: columns, rows: rows}
	for range rows {
		v.grid = append(v.grid, nil)
	}
	return v
}

// write shows text, which must be UTF-8 and is written whole.
func (v *vt) write(text string) {
	for _, r := range text {
		switch {
		case v.sequence != "":
			v.continued(r)
		case r == 0x1B:
			v.sequence = "\x1b"
		case r == '\r':
			v.x, v.full = 0, false
		case r == '\n':
			v.down()
		case r < ' ' || r >= 0x7F && r < 0xA0 || r == 0xFFFD:
			v.odd = append(v.odd, strconv.QuoteRune(r))
		default:
			v.put(r)
		}
	}
}

func (v *vt) down() {
	v.full = false
	if v.y++; v.y == v.rows {
		v.y--
		v.gone = append(v.gone, string(v.grid[0]))
		v.grid = append(v.grid[1:], nil)
	}
}

func (v *vt) put(r rune) {
	w := width(r)
	if w == 0 {
		return // it changes the look of another
	}
	if v.full || v.x+w > v.columns && v.columns > 1 {
		v.x = 0
		v.down()
	}
	v.set(v.x, r)
	if w == 2 && v.columns > 1 {
		v.set(v.x+1, 0)
	}
	if v.x += w; v.x >= v.columns {
		v.x, v.full = v.columns-1, true
	}
}

func (v *vt) set(x int, r rune) {
	for len(v.grid[v.y]) <= x {
		v.grid[v.y] = append(v.grid[v.y], ' ')
	}
	v.grid[v.y][x] = r
}

func (v *vt) continued(r rune) {
	v.sequence += string(r)
	if v.sequence == "\x1b[" || r < '@' {
		return
	}
	n, err := strconv.Atoi(v.sequence[2 : len(v.sequence)-1])
	if err != nil {
		n = 1
	}
	v.full = false
	switch r {
	case 'A':
		v.y = max(v.y-n, 0)
	case 'B':
		v.y = min(v.y+n, v.rows-1)
	case 'C':
		v.x = min(v.x+n, v.columns-1)
	case 'D':
		v.x = max(v.x-n, 0)
	case 'J', 'K':
		v.erase(r == 'J')
	default:
		v.odd = append(v.odd, strconv.Quote(v.sequence))
	}
	v.sequence = ""
}

// erase clears from the cursor to the end of the row, or of the screen.
func (v *vt) erase(below bool) {
	v.grid[v.y] = v.grid[v.y][:min(v.x, len(v.grid[v.y]))]
	for y := v.y + 1; below && y < v.rows; y++ {
		v.grid[y] = nil
	}
}

// text returns what is seen, with the cursor as an underscore: all rows since the
// beginning, without blanks at their ends and without the empty rows below.
func (v *vt) text() string {
	rows := append([]string(nil), v.gone...)
	for y, row := range v.grid {
		row = append([]rune(nil), row...)
		if y == v.y {
			for len(row) <= v.x {
				row = append(row, ' ')
			}
			at := v.x
			if v.full {
				at++
			}
			row = append(row[:at], append([]rune{'_'}, row[at:]...)...)
		}
		rows = append(rows, strings.ReplaceAll(string(row), "\x00", ""))
	}
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}
