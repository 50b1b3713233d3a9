package commands
import ("testing";"os";"runtime";"runtime/pprof")
func TestZProf(t *testing.T) {
	runtime.MemProfileRate = 1
	profHook = func() { f, _ := os.Create("/tmp/heap.prof"); pprof.Lookup("heap").WriteTo(f, 0); f.Close() }
	t.Log(footprint(t, 1000))
	profHook = func() {}
}
