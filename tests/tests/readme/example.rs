fn main() -> zonos::Result<()> {
    let engine = zonos::Engine::load("demo")?;
    let voice = engine.voice("reference.mp3")?;
    let speech = engine.say(&zonos::Request::new("Hello there.").voice(voice))?;
    speech.save("hello.wav")
}
