//! A real server on loopback, asked by one plain client.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It is of no more use; that it has ended already is no error.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Server, TcpStream) {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a free port").port();
    let child = Command::new(env!("CARGO_BIN_EXE_spinel"))
        .args(["--port", &port.to_string(), "--save", ""])
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary was built for this bench");
    let server = Server(child);
    for _ in 0..1_000_000 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.set_nodelay(true).expect("delay can be switched off");
            return (server, stream);
        }
        std::thread::yield_now();
    }
    panic!("the server does not answer");
}

fn round_trips(c: &mut Criterion) {
    let (_server, mut stream) = start();
    let mut group = c.benchmark_group("wire");
    for depth in [1u64, 64] {
        let request = b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n".repeat(depth as usize);
        let mut answer = vec![0; 5 * depth as usize];
        group.throughput(Throughput::Elements(depth));
        group.bench_function(format!("SET, pipeline of {depth}"), |b| {
            b.iter(|| {
                stream.write_all(&request).expect("the server reads");
                stream.read_exact(&mut answer).expect("the server answers");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, round_trips);
criterion_main!(benches);
