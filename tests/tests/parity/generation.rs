//! The generation loop: reproducible alone and in company, and always with a reason to stop.

use candle_core::DType;
use zonos_lm::{
    Backbone, Conditioning, Config, FinishReason, Generated, Generation, GenerationOptions, Prompt, Sampling, generate,
    step,
};
use zonos_tests::{device, own_fixture};
use zonos_weights::Checkpoint;

fn backbone(dtype: DType) -> Backbone {
    let config = Config::read(&own_fixture("backbone_tiny/params.json")).unwrap();
    let checkpoint = Checkpoint::open(own_fixture("backbone_tiny/model.safetensors")).unwrap();
    Backbone::load(config, checkpoint, &device(), Some(dtype)).unwrap()
}

fn prompt(backbone: &Backbone, text: &str, voice: bool) -> Prompt {
    let config = backbone.config();
    let voice = voice.then(|| vec![0.25; config.speaker.unwrap().embedding_dim]);
    Prompt::build(config, text, voice.as_deref(), &Conditioning::defaults(config)).unwrap()
}

/// Requests that differ in text, voice, parameters, seed and length.
fn requests(backbone: &Backbone) -> Vec<(Prompt, GenerationOptions)> {
    let options = |seed, max_frames, sampling| GenerationOptions {
        sampling,
        seed,
        max_frames: Some(max_frames),
        ..GenerationOptions::default()
    };
    vec![
        (prompt(backbone, "One.", false), options(1, 30, Sampling::default())),
        (prompt(backbone, "A longer second text.", true), options(2, 12, Sampling::greedy())),
        (prompt(backbone, "Drei.", false), options(3, 25, Sampling { top_k: 5, min_p: 0.0, ..Sampling::default() })),
        (
            prompt(backbone, "One.", false),
            options(4, 40, Sampling { top_p: 0.9, temperature: 0.7, ..Sampling::default() }),
        ),
        // In several pieces between the frames of the others.
        (prompt(backbone, &"Word after word. ".repeat(15), true), options(5, 20, Sampling::default())),
        (prompt(backbone, &"And again. ".repeat(20), false), options(6, 10, Sampling::default())),
    ]
}

fn alone(backbone: &Backbone, (prompt, options): &(Prompt, GenerationOptions)) -> Generated {
    generate(backbone, prompt, options, |_| true).unwrap()
}

#[test]
fn company_changes_nothing_whoever_joins_and_leaves() {
    for dtype in [DType::F32, DType::BF16] {
        let backbone = backbone(dtype);
        let requests = requests(&backbone);
        let mut running: Vec<Generation> = Vec::new();
        let mut waiting = requests.iter();
        // One more joins every third step; short ones leave while others go on.
        for turn in 0.. {
            if turn % 3 == 0 {
                running.extend(waiting.next().map(|(p, o)| Generation::new(&backbone, p, o.clone()).unwrap()));
            }
            step(&backbone, &mut running.iter_mut().collect::<Vec<_>>()).unwrap();
            if running.len() == requests.len() && running.iter().all(|one| one.finish_reason().is_some()) {
                break;
            }
        }
        for (generation, request) in running.into_iter().zip(&requests) {
            assert_eq!(generation.into_generated(), alone(&backbone, request), "{dtype:?}");
        }
    }
}

#[test]
fn those_who_speak_go_on_while_a_prompt_is_run() {
    let backbone = backbone(DType::F32);
    let requests = requests(&backbone);
    let [one, long, other] = [0, 4, 3].map(|index| &requests[index]);
    let new = |(prompt, options): &(Prompt, GenerationOptions)| Generation::new(&backbone, prompt, options.clone());
    let mut first = new(one).unwrap();
    step(&backbone, &mut [&mut first]).unwrap();
    assert_eq!(first.frames().len(), 1, "alone, all of a prompt is run before the first frame");
    let (mut second, mut third) = (new(long).unwrap(), new(other).unwrap());
    let mut steps = 0;
    while !second.is_prefilled() {
        assert!(second.frames().is_empty() && !third.is_prefilled(), "one prompt after the other");
        step(&backbone, &mut [&mut first, &mut second, &mut third]).unwrap();
        steps += 1;
        assert_eq!(first.frames().len(), 1 + steps);
    }
    assert!(steps >= long.0.rows() / 128, "{steps} steps");
    assert_eq!(second.frames().len(), 1, "the first frame comes with the last piece");
}

#[test]
fn the_seed_decides() {
    let backbone = backbone(DType::F32);
    let (prompt, options) = requests(&backbone).swap_remove(0);
    let with = |seed| alone(&backbone, &(prompt.clone(), GenerationOptions { seed, ..options.clone() })).frames;
    assert_eq!(with(7), with(7));
    assert_ne!(with(7), with(8));
    assert_ne!(with(7), with(7 + (1 << 32)), "all bits of the seed count");
}

#[test]
fn every_end_has_its_reason() {
    let backbone = backbone(DType::F32);
    let prompt = prompt(&backbone, "Hello.", false);
    let run = |options: GenerationOptions| alone(&backbone, &(prompt.clone(), options));
    let limited = run(GenerationOptions { max_frames: Some(10), ignore_end: true, ..GenerationOptions::default() });
    assert_eq!((limited.finish, limited.frames.len(), limited.aligned().len()), (FinishReason::MaxFrames, 10, 2));
    let full = run(GenerationOptions { ignore_end: true, ..GenerationOptions::default() });
    let room = backbone.config().context - prompt.rows();
    assert_eq!((full.finish, full.frames.len()), (FinishReason::ContextFull, room));
    let over = run(GenerationOptions { max_frames: Some(6144), ignore_end: true, ..GenerationOptions::default() });
    assert_eq!((over.finish, over.frames), (FinishReason::ContextFull, full.frames));
    let stopped = generate(&backbone, &prompt, &GenerationOptions::default(), |frames| frames.len() < 3).unwrap();
    assert_eq!((stopped.finish, stopped.frames.len()), (FinishReason::Cancelled, 3));
}

#[test]
fn audio_ends_where_the_model_says() {
    let backbone = backbone(DType::F32);
    let prompt = prompt(&backbone, "Hello.", false);
    let ended = (0..20)
        .map(|seed| alone(&backbone, &(prompt.clone(), GenerationOptions { seed, ..GenerationOptions::default() })))
        .find(|generated| generated.finish == FinishReason::EndOfAudio)
        .expect("one of twenty seeds ends");
    let end = ended.end.unwrap();
    let first = ended.frames.iter().position(|frame| frame.contains(&1024)).unwrap();
    assert!(end <= first);
    assert_eq!(ended.frames.len(), first + backbone.config().codebooks + 1);
    assert_eq!(ended.aligned().len(), end);
    assert!(ended.aligned().ids().iter().all(|&id| id < 1024));
}

#[test]
fn limits_are_checked_before_anything_runs() {
    let backbone = backbone(DType::F32);
    let prompt = prompt(&backbone, "Hello.", false);
    for max_frames in [0, 6145] {
        let options = GenerationOptions { max_frames: Some(max_frames), ..GenerationOptions::default() };
        let message = Generation::start(&backbone, &prompt, options).err().unwrap().to_string();
        assert!(message.contains("1 to 6144"), "{message}");
    }
    let mut cache = backbone.new_cache().unwrap();
    backbone.prefill(&prompt, &mut cache).unwrap();
    for frame in [&[0u32; 8][..], &[2000; 9], &[]] {
        assert!(backbone.decode(&[frame], &mut [&mut cache]).is_err(), "{frame:?}");
    }
    assert!(backbone.decode(&[], &mut []).is_err());
    assert!(backbone.decode(&[&[0; 9], &[0; 9]], &mut [&mut cache]).is_err());
}
