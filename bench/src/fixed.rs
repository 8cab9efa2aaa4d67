//! The floor of HTTP: a server that reads a question and answers what it was given to answer.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::Failure;

/// Serves the files of a folder until the process is ended, on as many threads as the services have.
pub fn run(port: u16, folder: &Path) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(port, folder))
}

async fn serve(port: u16, folder: &Path) -> Result<(), Failure> {
    let mut app = Router::new().route("/health/ready", get(async || "ready"));
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let answer = Bytes::from(std::fs::read(entry.path())?);
        let handler = async move |_question: Bytes| ([(CONTENT_TYPE, "application/json")], answer);
        app = app.route(&format!("/{}", entry.file_name().to_string_lossy()), post(handler));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?.tap_io(|stream| {
        // Without it, answers are right and a little later.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}
