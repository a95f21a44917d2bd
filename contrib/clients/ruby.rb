# Ruby, with the gem "mail".
require 'mail'

Mail.defaults do
  delivery_method :smtp, address: 'localhost', port: 587,
    user_name: 'USER', password: 'PASSWORD', authentication: :plain,
    enable_starttls_auto: false   # this host's certificate has another name
end

Mail.deliver do
  from 'monitor@example.org'
  to   '+4915112345678@sms.example.org'
  body 'Größe von /var: 95 %'
end
