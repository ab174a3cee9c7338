use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, ItemWriter, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

use crate::tree::Tree;

/// Renders data as CSV (RFC 4180): `text/csv`, format `csv`.
///
/// A list of objects is a table with a column for each name, in the order in which names first
/// occur; a list of lists is a table without a head line, and a single object a table of one row.
/// A cell that has parts of its own is JSON. A stream has the columns of its first item.
///
/// ```
/// # use std::sync::Arc;
/// # use gatefold_core::{Accepted, Data, RenderContext, Renderer};
/// use gatefold_negotiation::CsvRenderer;
/// # let accepted = Accepted::new(mime::TEXT_CSV, Arc::new(CsvRenderer::new()));
/// # let headers = http::HeaderMap::new();
/// # let context = RenderContext::new(http::StatusCode::OK, &headers, &accepted);
///
/// let tasks = serde_json::json!([{"id": 1, "title": "milk, bread"}, {"id": 2, "done": true}]);
/// let csv = CsvRenderer::new().render(&Data::new(&tasks), &context)?;
/// assert_eq!(csv, "id,title,done\r\n1,\"milk, bread\",\r\n2,,true\r\n");
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// A program that opens such a file may take a cell that begins with `=`, `+`, `-` or `@` for a
/// formula; [`no_formulas`](Self::no_formulas) disarms texts of that kind.
#[derive(Clone, Debug)]
#[must_use]
pub struct CsvRenderer {
    media_type: Mime,
    no_formulas: bool,
}

impl CsvRenderer {
    /// `text/csv`, format `csv`.
    pub fn new() -> Self {
        Self {
            media_type: mime::TEXT_CSV,
            no_formulas: false,
        }
    }

    /// Puts an apostrophe before a text that a spreadsheet would take for a formula. Numbers stay
    /// as they are. Data that is read back by programs is changed by this.
    pub fn no_formulas(mut self) -> Self {
        self.no_formulas = true;
        self
    }

    fn table(&self) -> Table {
        Table {
            columns: None,
            no_formulas: self.no_formulas,
        }
    }
}

impl Default for CsvRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for CsvRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "csv"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/csv; charset=utf-8")
    }

    fn render(
        &self,
        data: &Data<'_>,
        _: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let rows = match Tree::of(data)? {
            Tree::List(rows) => rows,
            one => vec![one],
        };
        let mut table = self.table();
        let mut csv = Vec::new();
        table.head(&rows, &mut csv);
        for row in &rows {
            table.row(row, &mut csv);
        }
        Ok(csv.into())
    }

    fn items(&self) -> Option<Box<dyn ItemWriter>> {
        Some(Box::new(self.table()))
    }
}

/// The columns, once they are known: `None` in it for rows without names.
struct Table {
    columns: Option<Vec<String>>,
    no_formulas: bool,
}

impl Table {
    /// Finds the columns of `rows` and writes their names.
    fn head(&mut self, rows: &[Tree], csv: &mut Vec<u8>) {
        let mut columns: Vec<String> = Vec::new();
        for row in rows {
            let Tree::Map(fields) = row else { continue };
            for (name, _) in fields {
                if !columns.contains(name) {
                    columns.push(name.clone());
                }
            }
        }
        if !columns.is_empty() {
            self.line(columns.iter().map(|name| (name.clone(), true)), csv);
        }
        self.columns = Some(columns);
    }

    fn row(&self, row: &Tree, csv: &mut Vec<u8>) {
        let cell = |tree: &Tree| (tree.to_text(), matches!(tree, Tree::Text(_)));
        match (row, self.columns.as_deref()) {
            (Tree::Map(fields), Some(columns)) => {
                let value = |name: &String| {
                    let field = fields.iter().find(|(own, _)| own == name);
                    field.map_or((String::new(), false), |(_, value)| cell(value))
                };
                self.line(columns.iter().map(value), csv);
            }
            (Tree::List(cells), _) => self.line(cells.iter().map(cell), csv),
            (scalar, _) => self.line([cell(scalar)].into_iter(), csv),
        }
    }

    fn line(&self, cells: impl Iterator<Item = (String, bool)>, csv: &mut Vec<u8>) {
        for (at, (cell, is_text)) in cells.enumerate() {
            if at > 0 {
                csv.push(b',');
            }
            let formula = is_text && cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let mark = if self.no_formulas && formula { "'" } else { "" };
            if cell.contains(['"', ',', '\r', '\n']) {
                csv.extend_from_slice(
                    format!("\"{mark}{}\"", cell.replace('"', "\"\"")).as_bytes(),
                );
            } else {
                csv.extend_from_slice(mark.as_bytes());
                csv.extend_from_slice(cell.as_bytes());
            }
        }
        csv.extend_from_slice(b"\r\n");
    }
}

impl ItemWriter for Table {
    fn item(
        &mut self,
        item: &Data<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let row = Tree::of(item)?;
        if self.columns.is_none() {
            self.head(std::slice::from_ref(&row), to);
        }
        self.row(&row, to);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::rendered;

    fn csv(value: &Value) -> String {
        rendered(CsvRenderer::new(), value)
    }

    #[test]
    fn lists_objects_and_scalars_are_rows() {
        assert_eq!(csv(&json!([[1, "a"], [true, null]])), "1,a\r\ntrue,\r\n");
        assert_eq!(csv(&json!({"a": 1, "b": [1, 2]})), "a,b\r\n1,\"[1,2]\"\r\n");
        assert_eq!(csv(&json!(["x", "y"])), "x\r\ny\r\n");
        assert_eq!(csv(&json!([])), "");
    }

    #[test]
    fn quotes_and_ends_of_line_are_quoted() {
        assert_eq!(csv(&json!([["a\"b", "c\nd"]])), "\"a\"\"b\",\"c\nd\"\r\n");
    }

    #[test]
    fn formulas_are_disarmed_when_asked_and_numbers_stay() {
        let cells = json!([["=1+1", -3, "@x,y", "safe"]]);
        assert_eq!(csv(&cells), "=1+1,-3,\"@x,y\",safe\r\n");
        let disarmed = rendered(CsvRenderer::new().no_formulas(), &cells);
        assert_eq!(disarmed, "'=1+1,-3,\"'@x,y\",safe\r\n");
    }

    #[test]
    fn a_stream_has_the_columns_of_its_first_item() {
        let mut writer = CsvRenderer::new().items().expect("it streams");
        let mut csv = Vec::new();
        for item in [json!({"a": 1}), json!({"b": 2, "a": 3})] {
            writer.item(&Data::new(&item), &mut csv).expect("a row");
        }
        writer.end(&mut csv);
        assert_eq!(csv, b"a\r\n1\r\n3\r\n");
    }
}
