package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is one that the benchmark has started. It stands in a process group of its own, so
// that its workers end with it.
type process struct {
	cmd   *exec.Cmd
	log   string        // file that has what it said on standard error
	ended chan struct{} // closed once it is gone
	err   error         // why; read it once ended is closed
	pipes []*os.File    // the benchmark's ends
}

// stopTimeout is how long a process may take to end before it is killed.
const stopTimeout = 5 * time.Second

// start starts cmd, whose standard error goes to a file in dir. It is killed when the context it
// was made with ends.
func start(cmd *exec.Cmd, dir string) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{}), log: filepath.Join(dir, filepath.Base(cmd.Path)+".stderr")}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop ends the process and its workers, and waits until it is gone.
func (p *process) stop() {
	for _, pipe := range p.pipes {
		pipe.Close() // ours end when their standard input does
	}
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
	}
	p.signal(syscall.SIGKILL) // also those that the first one has left behind
	<-p.ended
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(s syscall.Signal) { _ = syscall.Kill(-p.pid(), s) }

// failure says why a process is of no use any more, with what it said last.
func (p *process) failure(err error) error {
	said, _ := os.ReadFile(p.log)
	said = said[max(len(said)-2000, 0):]
	return fmt.Errorf("%s: %w\n%s", filepath.Base(p.cmd.Path), err, said)
}

// partner is this program once more, in another process and with a subcommand. The two speak
// JSON over its standard input and output.
type partner struct {
	*process
	in  *json.Encoder
	out *json.Decoder
}

// startPartner starts a subcommand, tells it spec, and reads into ready what it says when it is.
func startPartner(ctx context.Context, dir, subcommand string, spec, ready any) (*partner, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, subcommand)
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer theirOut.Close()
	cmd.Stdin, cmd.Stdout = theirIn, theirOut
	p, err := start(cmd, dir)
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	p.pipes = []*os.File{in, out}
	partner := &partner{p, json.NewEncoder(in), json.NewDecoder(out)}
	if err := partner.ask(spec, ready); err != nil {
		partner.stop()
		return nil, err
	}
	return partner, nil
}

// ask tells the partner something and reads its answer.
func (p *partner) ask(question, answer any) error {
	err := p.in.Encode(question)
	if err == nil {
		err = p.out.Decode(answer)
	}
	if err != nil {
		return p.failure(fmt.Errorf("ask %s: %w", p.cmd.Args[1], err))
	}
	return nil
}

// partners are the subcommands.
var partners = map[string]func(control io.Reader, out io.Writer) error{
	"upstream": serveUpstream, "proxy-reverse": serveReverse, "load": generateLoad,
}

// runPartner is the other end: it does the subcommand that args name, if they do.
func runPartner(args []string) (code int, is bool) {
	if len(args) == 0 || partners[args[0]] == nil {
		return 0, false
	}
	if err := partners[args[0]](os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "benchmark %s: %v\n", args[0], err)
		return 1, true
	}
	return 0, true
}

// freeAddress returns a loopback address that nobody listens on. Its port is below those that
// the system gives to outgoing connections.
func freeAddress() (string, error) {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000))
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", fmt.Errorf("there is no free port")
}

// listening waits until p accepts connections at addr.
func (p *process) listening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return p.failure(fmt.Errorf("it has ended: %v", p.err))
		case <-ctx.Done():
			return p.failure(fmt.Errorf("wait until it listens: %w", err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}
