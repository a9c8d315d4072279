//! Deliveries of webhooks, as GitHub sends them.

use ring::hmac;
use serde_json::Value;

/// How a delivery is sent; what most are is the default.
pub(crate) struct Sending<'a> {
    pub(crate) secret: &'a str,
    pub(crate) event: &'a str,
    pub(crate) name: &'a str,
}

impl Sending<'_> {
    /// The status and the words of the answer.
    pub(crate) fn send(&self, url: &str, payload: &Value) -> (u16, String) {
        let body = payload.to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.send_signed(url, body.as_bytes(), Some(&format!("sha256={digits}")))
    }

    /// With a signature of one's own.
    pub(crate) fn send_signed(
        &self,
        url: &str,
        body: &[u8],
        signature: Option<&str>,
    ) -> (u16, String) {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut request = agent
            .post(format!("{url}/webhooks/github"))
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/1")
            .header("x-github-event", self.event)
            .header("x-github-delivery", self.name);
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        let mut response = request.send(body).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }
}
