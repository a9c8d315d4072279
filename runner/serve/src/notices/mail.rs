//! Mail, by SMTP.

use super::{Notice, TIMEOUT};
use askama::Template as _;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};
use model::{MailConfig, MailSecurity};

pub(super) fn send(
    config: &MailConfig,
    password: Option<&str>,
    notice: &Notice,
) -> Result<(), String> {
    let mailbox = |text: &String| {
        text.parse::<Mailbox>().map_err(|error| format!("the address {text}: {error}"))
    };
    let mut message = Message::builder()
        .from(mailbox(&config.from)?)
        .subject(notice.title.clone())
        .header(ContentType::TEXT_PLAIN);
    for to in &config.to {
        message = message.to(mailbox(to)?);
    }
    let text = notice.render().map_err(|error| error.to_string())?;
    let message = message.body(text).map_err(|error| error.to_string())?;
    let tls = || TlsParameters::new(config.server.clone()).map_err(|error| error.to_string());
    let tls = match config.security {
        MailSecurity::Tls => Tls::Wrapper(tls()?),
        MailSecurity::StartTls => Tls::Required(tls()?),
        MailSecurity::None => Tls::None,
    };
    let mut transport = SmtpTransport::builder_dangerous(&config.server)
        .port(config.port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    if let (Some(user), Some(password)) = (&config.user, password) {
        transport = transport.credentials(Credentials::new(user.clone(), password.to_owned()));
    }
    transport.build().send(&message).map(drop).map_err(|error| crate::problem::chain(&error))
}
