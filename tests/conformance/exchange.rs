//! Replays the recorded exchanges against the reference server, in process.

use std::{collections::BTreeMap, net::IpAddr};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use crate::{
    documented,
    folder::Folder,
    judge::{self, Got},
    later,
    record::{Record, Sent, bytes},
    reference::Reference,
    report::{self, Area, Difference, Outcome, wanted},
};

pub(crate) const CORPUS: &str = "drf/corpus.jsonl";

/// One area of the corpus after the other.
pub(crate) fn areas(folder: &Folder) -> Vec<Area> {
    if !wanted("drf/") {
        return Vec::new();
    }
    let Some(lines) = folder.lines(CORPUS) else {
        report::say_together(&["drf/corpus: not there".to_owned()]);
        return Vec::new();
    };
    let mut areas: BTreeMap<String, Area> = BTreeMap::new();
    let server = folder
        .text_or_own("drf/endpoints.json")
        .ok_or_else(|| "endpoints.json is not there".to_owned())
        .and_then(|text| Reference::new(&text));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime can be built");
    let mut current: Option<String> = None;
    for line in &lines {
        let record = match serde_json::from_str::<Record>(line) {
            Ok(record) => record,
            Err(error) => {
                let start: String = line.chars().take(120).collect();
                area_of(&mut areas, "unknown").count(start, Outcome::unknown(error));
                continue;
            }
        };
        let continues = record.seq.is_some() && record.seq == current;
        current.clone_from(&record.seq);
        let outcome = match &server {
            Ok(server) => runtime.block_on(replay(server, &record, !continues)),
            Err(error) => Outcome::unknown(error),
        };
        if wanted(&format!("drf/{}", record.area)) {
            let area = area_of(&mut areas, &record.area);
            match later::exchange(&record.area, &record.group) {
                Some(name) => area.count_later(name, title(&record), outcome),
                None => area.count(title(&record), outcome),
            }
        }
    }
    areas.into_values().collect()
}

fn area_of<'a>(areas: &'a mut BTreeMap<String, Area>, name: &str) -> &'a mut Area {
    areas.entry(name.to_owned()).or_insert_with(|| Area {
        has_differences: true,
        ..Area::new(format!("drf/{name}"), CORPUS)
    })
}

fn title(record: &Record) -> String {
    let sent = &record.request;
    let mut title = format!(
        "{} ({}) {} {} {:?}",
        record.id, record.note, sent.method, sent.path, sent.headers
    );
    if let Some(body) = sent.body.as_ref().or(sent.body_base64.as_ref()) {
        title += &format!(" {body:?}");
    }
    if !record.quirks.is_empty() {
        title += &format!(" quirks {}", record.quirks.join(", "));
    }
    title
}

async fn replay(server: &Reference, record: &Record, fresh: bool) -> Outcome {
    if fresh {
        server.reset();
    }
    server.set_clock(record.at);
    let got = match ask(server, record).await {
        Ok(got) => got,
        Err(error) => return Outcome::unknown(error),
    };
    let found = judge::differences(record, &got);
    if found.is_empty() {
        return Outcome::Good;
    }
    let difference = described(record, &got, &found);
    // A 501 says that something is not built, which is no difference on purpose.
    if documented::may_differ(&record.quirks, &found) && got.status != 501 {
        return Outcome::Documented(difference);
    }
    Outcome::Failed(difference)
}

fn described(record: &Record, got: &Got, found: &[String]) -> Difference {
    let wanted = &record.response;
    let body = wanted.body.as_ref().or(wanted.body_base64.as_ref());
    Difference {
        wanted: format!(
            "{} {:?} {}",
            wanted.status,
            wanted.headers,
            body.map_or("", String::as_str)
        ),
        got: format!(
            "{} {:?} {} [{}]",
            got.status,
            got.headers,
            String::from_utf8_lossy(&got.body),
            found.join(", ")
        ),
    }
}

async fn ask(server: &Reference, record: &Record) -> Result<Got, String> {
    let peer: IpAddr = record.peer.parse().map_err(|e| format!("the peer: {e}"))?;
    let response = server.answer(request(&record.request)?, peer).await;
    let (head, body) = response.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = value.as_bytes().iter().copied().map(char::from).collect();
        (name.as_str().to_owned(), value)
    });
    Ok(Got {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: body.to_vec(),
    })
}

fn request(sent: &Sent) -> Result<Request<Bytes>, String> {
    let body = bytes(sent.body.as_deref(), sent.body_base64.as_deref())?;
    let mut request = Request::new(Bytes::from(body.unwrap_or_default()));
    *request.method_mut() =
        Method::from_bytes(sent.method.as_bytes()).map_err(|e| format!("the method: {e}"))?;
    *request.uri_mut() = sent
        .path
        .parse::<Uri>()
        .map_err(|e| format!("the target: {e}"))?;
    for (name, value) in &sent.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| format!("{name}: {e}"))?;
        // One character is one byte; white space around a value is not part of it.
        let bytes: Vec<u8> = value
            .trim_matches([' ', '\t'])
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect();
        let value = HeaderValue::from_bytes(&bytes).map_err(|e| format!("{name}: {e}"))?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}
